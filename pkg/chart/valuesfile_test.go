package chart

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpecialiseValues(t *testing.T) {
	const defaults = `# Values of a chart.

global:
  dns:
    # -- Who serves the zone
    provider: "" # none
    # -- The zone
    zone: ""
  list: [a, b]

# -- Values of the control plane
controlPlane: {}
`
	got, err := specialiseValues([]byte(defaults), map[string]any{
		"global": map[string]any{"dns": table("provider", "coredns"), "list": []any{"c"}},
		"controlPlane": map[string]any{
			"apiServer": table("extraArgs", map[string]any{"profiling": nil, "v": "4", "on": "off"}),
			"nodePort":  int64(30443),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# Values of a chart.

global:
  dns:
    # -- Who serves the zone
    provider: coredns # none
    # -- The zone
    zone: ""
  list:
    - c
# -- Values of the control plane
controlPlane:
  apiServer:
    extraArgs:
      "on": "off"
      profiling: null
      v: "4"
  nodePort: 30443
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("values.yaml (-want +got):\n%s", diff)
	}
	if again, err := specialiseValues(got, nil); err != nil || string(again) != string(got) {
		t.Errorf("without values the file changes to %q, %v", again, err)
	}
	if _, err := specialiseValues([]byte("- a\n"), table("a", 1)); err == nil {
		t.Error("a list is taken for a table")
	}
}
