package fedhelm_test

import (
	"fmt"
	"reflect"
	"strings"
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

// Names that are not the release's, where values give them: those of Secrets, claims and classes.
func TestNamesInValuesThatYAMLTakesForSomethingElse(t *testing.T) {
	tests := []struct{ name, chart, values string }{
		{"an etcd with volumes of its own", controlPlane, `{global: {image: {pullSecrets: [NAME]}}, priorityClassName: NAME,
			etcd: {persistence: {storageClass: NAME}}, apiServer: {service: {loadBalancerClass: NAME}}, pki: {existingCASecret: NAME}}`},
		{"an existing claim, and credentials", controlPlane, `{etcd: {priorityClassName: NAME, persistence: {existingClaim: NAME}},
			apiServer: {auth: {token: {enabled: true, existingSecret: NAME}, basic: {enabled: true, existingSecret: NAME}}}}`},
		{"an external etcd, and DNS", controlPlane, `{etcd: {external: {servers: ["https://etcd:2379"], tlsSecret: NAME}},
			global: {dns: {provider: coredns, zone: example.com., configSecret: NAME, additional: [{provider: rfc2136, zone: example.org., configSecret: NAME}]}}}`},
		{"a DNS server", dnsServer, `{global: {dns: {provider: coredns, zone: example.com.}, image: {pullSecrets: [NAME]}}, priorityClassName: NAME,
			etcd: {persistence: {storageClass: NAME}}, server: {service: {loadBalancerClass: NAME}}}`},
		{"a DNS server with an existing claim", dnsServer, `{global: {dns: {provider: coredns, zone: example.com.}}, etcd: {persistence: {existingClaim: NAME}}}`},
		{"a member's resolver", member, `{federation: {name: fellowship, uid: u}, cluster: gondor, global: {image: {pullSecrets: [NAME]}},
			dns: {zone: example.com., resolver: {enabled: true, priorityClassName: NAME}}}`},
	}
	const plain = "plain-name"
	named := func(values, name string) string { return strings.ReplaceAll(values, "NAME", fmt.Sprintf("%q", name)) }
	for _, tt := range tests {
		for _, odd := range []string{"123", "007", "1e3", "on", "null"} {
			t.Run(tt.name+" as "+odd, func(t *testing.T) {
				found := 0
				got := map[string]any{}
				for _, d := range render(t, tt.chart, parseValues(t, named(tt.values, odd))) {
					got[d.id()] = d.object.Object
				}
				for _, d := range render(t, tt.chart, parseValues(t, named(tt.values, plain))) {
					found += strings.Count(d.text, plain)
					if want := renamed(d.object.Object, plain, odd); !reflect.DeepEqual(got[d.id()], want) {
						t.Errorf("%s is\n%v\nwant\n%v", d.id(), got[d.id()], want)
					}
				}
				if want := strings.Count(tt.values, "NAME"); found < want {
					t.Errorf("the name is given %d times, and used %d times", want, found)
				}
			})
		}
	}
}

// renamed gives a copy of a value with another name in all its texts.
func renamed(value any, from, to string) any {
	switch v := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, each := range v {
			m[key] = renamed(each, from, to)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, each := range v {
			list[i] = renamed(each, from, to)
		}
		return list
	case string:
		return strings.ReplaceAll(v, from, to)
	default:
		return value
	}
}
