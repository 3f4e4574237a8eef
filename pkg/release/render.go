package release

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
)

// Rendered is what a chart and values come to: the objects of the release, and the hooks beside them.
type Rendered struct {
	Manifest string
	Hooks    string
	Notes    string
}

// String is a YAML stream that kubectl can read: the objects, then the hooks.
func (r Rendered) String() string { return r.Manifest + r.Hooks }

// Render gives what an install would make, without any cluster. Values that the chart does not take give a *ChartError.
func Render(name, namespace string, chrt *chart.Chart, vals map[string]any) (Rendered, error) {
	return render(name, namespace, chrt, vals, nil)
}

// anyCluster is what is rendered for when no cluster is asked. Helm's library would say 1.20, which no chart of today takes.
var anyCluster = chartutil.KubeVersion{Version: "v1.36.0", Major: "1", Minor: "36"}

// render is Render for a cluster with these capabilities; nil stands for any recent one.
func render(name, namespace string, chrt *chart.Chart, vals map[string]any, caps *chartutil.Capabilities) (Rendered, error) {
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.DryRun, install.ClientOnly, install.Replace = true, true, true
	install.ReleaseName, install.Namespace = name, namespace
	install.KubeVersion = &anyCluster
	if caps != nil {
		install.KubeVersion, install.APIVersions = &caps.KubeVersion, caps.APIVersions
	}
	rel, err := install.Run(chrt, vals)
	if err != nil {
		if values := chartError(err); values != nil {
			return Rendered{}, values
		}
		return Rendered{}, fmt.Errorf("render chart %q: %w", chrt.Name(), err)
	}
	return Rendered{Manifest: rel.Manifest, Hooks: hookManifests(rel.Hooks), Notes: rel.Info.Notes}, nil
}

func hookManifests(hooks []*release.Hook) string {
	var b strings.Builder
	for _, hook := range hooks {
		fmt.Fprintf(&b, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return b.String()
}
