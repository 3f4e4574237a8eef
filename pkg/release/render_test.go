package release

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	r := request("a")
	got, err := Render(r.Name, namespace, r.Chart, r.Values)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.Manifest, `data: {value: "a"}`) || strings.Contains(got.Manifest, "kind: Job") {
		t.Errorf("the manifest is\n%s", got.Manifest)
	}
	if !strings.Contains(got.Hooks, "# Source: federation/templates/hook.yaml\n") || !strings.Contains(got.Hooks, "name: fellowship-pki") {
		t.Errorf("the hooks are\n%s", got.Hooks)
	}
	if again, err := Render(r.Name, namespace, request("a").Chart, r.Values); err != nil || again != got {
		t.Errorf("a second rendering differs, %v", err)
	}
}

func TestRenderTakesTodaysCharts(t *testing.T) {
	r := request("a")
	r.Chart.Metadata.KubeVersion = ">=1.30.0-0"
	if _, err := Render(r.Name, namespace, r.Chart, r.Values); err != nil {
		t.Errorf("without a cluster: %v", err)
	}
}
