package fedhelm_test

import (
	"testing"

	"helm.sh/helm/v3/pkg/releaseutil"
)

// YAML takes some names that Kubernetes allows for something other than text.
func TestNamesThatYAMLTakesForSomethingElse(t *testing.T) {
	for file, values := range cases(t, controlPlane) {
		for _, name := range []string{"y", "true", "null"} {
			t.Run(file+" as "+name, func(t *testing.T) {
				rel, err := dryRunAs(name, "123", load(t, controlPlane), values)
				if err != nil {
					t.Fatal(err)
				}
				texts := releaseutil.SplitManifests(rel.Manifest)
				for _, h := range rel.Hooks {
					texts[h.Path] = h.Manifest
				}
				for _, text := range texts {
					d := parse(t, text)
					// What is not text is lost when labels are read as such.
					if got := d.object.GetLabels()["app.kubernetes.io/instance"]; got != name {
						t.Errorf("%s: instance %q, want %q", d.id(), got, name)
					}
					if got := d.object.GetNamespace(); got != "123" && got != "" || got == "" && !clusterScoped[d.kind] {
						t.Errorf("%s: namespace %q, want 123", d.id(), got)
					}
				}
			})
		}
	}
}

var clusterScoped = map[string]bool{"ClusterRole": true, "ClusterRoleBinding": true}
