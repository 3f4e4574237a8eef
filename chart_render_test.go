package fedhelm_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const (
	umbrella     = "."
	controlPlane = "charts/federation-control-plane"
	dnsServer    = "charts/federation-dns"
	member       = "charts/federation-member"
)

// load reads a chart as Helm does.
func load(t *testing.T, dir string) *chart.Chart {
	t.Helper()
	c, err := loader.LoadDir(dir)
	if err != nil {
		t.Fatalf("load chart %q: %v", dir, err)
	}
	return c
}

// dryRun renders a chart as `helm install fellowship --dry-run=client` does.
func dryRun(c *chart.Chart, values map[string]any) (*release.Release, error) {
	return dryRunAs("fellowship", "federation-system", c, values)
}

// releaseOf is what a chart's release is called in the tests.
func releaseOf(dir string) string {
	if dir == member {
		return "fellowship-member"
	}
	return "fellowship"
}

func dryRunAs(name, namespace string, c *chart.Chart, values map[string]any) (*release.Release, error) {
	version, err := chartutil.ParseKubeVersion("v1.36.3")
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ClientOnly, install.DryRun, install.Replace = true, true, true
	install.ReleaseName, install.Namespace = name, namespace
	install.KubeVersion = version
	return install.Run(c, values)
}

// document is one rendered object.
type document struct {
	kind, name string
	text       string
	object     unstructured.Unstructured
}

func (d document) id() string { return d.kind + " " + d.name }

// render returns all objects of a chart with these values, hooks and tests included.
func render(t *testing.T, dir string, values map[string]any) []document {
	t.Helper()
	rel, err := dryRunAs(releaseOf(dir), "federation-system", load(t, dir), values)
	if err != nil {
		t.Fatalf("render %s: %v", dir, err)
	}
	texts := releaseutil.SplitManifests(rel.Manifest)
	for i, h := range rel.Hooks {
		texts[fmt.Sprintf("hook-%d", i)] = h.Manifest
	}
	docs := make([]document, 0, len(texts))
	for _, text := range texts {
		docs = append(docs, parse(t, text))
	}
	return docs
}

func parse(t *testing.T, text string) document {
	t.Helper()
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "# Source: ") {
		_, text, _ = strings.Cut(text, "\n")
	}
	d := document{text: text + "\n"}
	if err := yaml.Unmarshal([]byte(text), &d.object.Object); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	d.kind, d.name = d.object.GetKind(), d.object.GetName()
	if d.kind == "" || d.name == "" {
		t.Fatalf("an object without kind or name:\n%s", text)
	}
	return d
}

// cases returns the values files of a chart's testdata, and what is in them.
func cases(t *testing.T, dir string) map[string]chartutil.Values {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "testdata", "*.values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no values files to render for %q: %v", dir, err)
	}
	all := map[string]chartutil.Values{}
	for _, file := range files {
		values, err := chartutil.ReadValuesFile(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[file] = values
	}
	return all
}

var renderedCases = map[string]map[string][]document{}

// rendered returns the objects of every case of a chart, by values file. They are rendered once, and not to be changed.
func rendered(t *testing.T, dir string) map[string][]document {
	t.Helper()
	if renderedCases[dir] == nil {
		all := map[string][]document{}
		for file, values := range cases(t, dir) {
			all[file] = render(t, dir, values)
		}
		renderedCases[dir] = all
	}
	return renderedCases[dir]
}
