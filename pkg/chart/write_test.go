package chart

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"
)

// small is a chart with a dependency under an alias, as the real one.
func small() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"Chart.yaml":                       file("apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n  - {name: inner, alias: controlPlane, version: 0.1.0, repository: \"\"}\n"),
		"Chart.lock":                       file("dependencies: []\n"),
		"values.yaml":                      file("# a comment\nglobal: {dns: {zone: \"\"}}\ncontrolPlane: {}\n"),
		"templates/_helpers.tpl":           file("{{ define \"x\" }}x{{ end }}"),
		"charts/inner/Chart.yaml":          file("apiVersion: v2\nname: inner\nversion: 0.1.0\n"),
		"charts/inner/values.yaml":         file("apiServer: {service: {type: LoadBalancer}}\netcd: {persistence: {enabled: true}}\n"),
		"charts/inner/templates/cm.yaml":   file("kind: ConfigMap\n"),
		"charts/inner/templates/_help.tpl": file(""),
	}
}

func TestWriteIsLoadedByHelm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	vals := table("controlPlane", table("apiServer", table("service", table("type", "NodePort"))))
	if err := Write(dir, small(), vals, "how to", false); err != nil {
		t.Fatal(err)
	}
	loaded, err := loader.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"global":       table("dns", table("zone", "")),
		"controlPlane": table("apiServer", table("service", table("type", "NodePort"))),
	}
	if diff := cmp.Diff(want, loaded.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if got := len(loaded.Dependencies()); got != 1 {
		t.Errorf("%d dependencies were loaded, want 1", got)
	}
	if !slices.Contains(names(t, dir), "templates/_helpers.tpl") {
		t.Errorf("a file that begins with _ was lost: %v", names(t, dir))
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil || string(readme) != "how to" {
		t.Errorf("README.md is %q, %v", readme, err)
	}
}

func TestWriteWithoutValuesKeepsTheChartsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, small(), nil, "", false); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil || string(got) != string(small()["values.yaml"].Data) {
		t.Errorf("values.yaml is %q, %v; want the chart's", got, err)
	}
}

func TestWriteAmongOtherFiles(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Write(dir, small(), nil, "", false)
	if !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("got %v, want ErrNotEmpty naming the directory", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"mine.txt"}) {
		t.Errorf("a refused write left %v", got)
	}
	if err := Write(dir, small(), nil, "", true); err != nil {
		t.Fatalf("with force: %v", err)
	}
	if got, err := os.ReadFile(mine); err != nil || string(got) != "mine" {
		t.Errorf("the file beside is %q, %v", got, err)
	}
}

func TestWriteAgainReplacesWhatItWrote(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, small(), nil, "", false); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(dir, "templates", "mine.yaml")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	newer := small()
	delete(newer, "charts/inner/templates/cm.yaml")
	if err := Write(dir, newer, nil, "", false); err != nil {
		t.Fatal(err)
	}
	got := names(t, dir)
	if slices.Contains(got, "charts/inner/templates/cm.yaml") {
		t.Errorf("a template of the older chart stayed: %v", got)
	}
	if !slices.Contains(got, "templates/mine.yaml") {
		t.Errorf("a file of the user's is gone: %v", got)
	}
}

func TestEffective(t *testing.T) {
	chrt, err := Load(small())
	if err != nil {
		t.Fatal(err)
	}
	v := Effective(chrt, map[string]any{
		"global":       table("dns", table("zone", "example.com.")),
		"controlPlane": table("etcd", table("external", table("servers", []any{"https://a:1"}))),
	})
	if got := v.String("global.dns.zone"); got != "example.com." {
		t.Errorf("a given value is %q", got)
	}
	if got := v.String("controlPlane.apiServer.service.type"); got != "LoadBalancer" {
		t.Errorf("the default of an aliased dependency is %q", got)
	}
	if !v.Bool("controlPlane.etcd.persistence.enabled") {
		t.Error("a default beside a given value is lost")
	}
	if got := v.Strings("controlPlane.etcd.external.servers"); !slices.Equal(got, []string{"https://a:1"}) {
		t.Errorf("a list is %v", got)
	}
	if v.String("no.such") != "" || v.Bool("no.such") || v.Strings("no.such") != nil {
		t.Error("a path that is not there has a value")
	}
}

func TestReadme(t *testing.T) {
	o := Options{
		Name: "fellowship", Namespace: "middle-earth",
		DNS:              DNS{Provider: "coredns", Zone: "example.com.", Config: []byte("password = hunter2")},
		Etcd:             Etcd{Servers: []string{"https://a:2379"}, TLSSecret: "etcd-tls"},
		ImagePullSecrets: []string{"pull"},
	}
	got := o.Readme()
	for _, want := range []string{
		"kubectl -n middle-earth create secret generic fellowship-dns-provider --from-file=federation-dns-provider.conf=",
		"kubectl -n middle-earth create secret generic etcd-tls",
		"kubectl -n middle-earth create secret docker-registry pull",
		"helm install fellowship . --namespace middle-earth --create-namespace",
		"fedhelm kubeconfig fellowship --merge --federation-system-namespace=middle-earth",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("README does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Error("README holds a secret")
	}
	t.Run("what comes by values is needed as well", func(t *testing.T) {
		o := Options{Name: "fellowship", Namespace: "middle-earth", Base: table("controlPlane", map[string]any{
			"pki":       map[string]any{"create": false},
			"apiServer": table("auth", map[string]any{"token": table("existingSecret", "tokens"), "basic": table("existingSecret", "users")}),
			"etcd":      table("persistence", table("existingClaim", "chronicle")),
		}), SetJSON: []string{
			`global.image.pullSecrets=["pull"]`,
			`global.dns={"provider": "rfc2136", "zone": "a.", "configSecret": "first", "additional": [{"provider": "rfc2136", "zone": "b.", "configSecret": "second"}]}`,
		}}
		got := o.Readme()
		for _, want := range []string{
			"## Before", "generic tokens --from-file=tokens.csv=", "generic users --from-file=basicauth.csv=", "docker-registry pull", "generic first --from-file=federation-dns",
			"generic second --from-file=federation-dns", "PersistentVolumeClaim `chronicle`", "`fellowship-…`",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("README does not say %q:\n%s", want, got)
			}
		}
	})
	t.Run("authorities of the user's are a Secret too", func(t *testing.T) {
		o := Options{Name: "a", Namespace: DefaultNamespace, Set: []string{"controlPlane.pki.existingCASecret=corporate"}}
		if got := o.Readme(); !strings.Contains(got, "generic corporate --from-file=ca.crt=YOUR-FILE --from-file=ca.key=YOUR-FILE") {
			t.Errorf("README does not say how to make it:\n%s", got)
		}
	})
	if plain := (Options{Name: "a", Namespace: DefaultNamespace}).Readme(); strings.Contains(plain, "create secret") {
		t.Errorf("README wants Secrets that nothing needs:\n%s", plain)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
