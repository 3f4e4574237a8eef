package manager

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSums(t *testing.T) {
	got, err := sums(strings.NewReader(`# HELP depth How much waits.
# TYPE depth gauge
depth{cluster="a b",priority="user"} 3
depth{cluster="c",priority="user"} 4
took_bucket{le="+Inf"} 2
took_sum 1.5e-01
took_count 2
`))
	want := map[string]float64{"depth": 7, "took_bucket": 2, "took_sum": 0.15, "took_count": 2}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("sums (-want +got), %v:\n%s", err, diff)
	}
	if _, err := sums(strings.NewReader("nonsense\n")); err == nil {
		t.Error("nonsense has sums")
	}
}

func TestBy(t *testing.T) {
	const metrics = `# TYPE calls_total counter
calls_total{call="Txn",code="ok",recall="no"} 3
calls_total{call="Txn",code="stale",recall="no"} 1
calls_total{code="ok",call="Range",recall="no"} 2
calls_total_other{call="Txn"} 9
`
	got, err := by(strings.NewReader(metrics), "calls_total", "call")
	if diff := cmp.Diff(map[string]float64{"Txn": 4, "Range": 2}, got); err != nil || diff != "" {
		t.Errorf("by call (-want +got), %v:\n%s", err, diff)
	}
	if got, err := by(strings.NewReader(metrics), "missing_total", "call"); err != nil || len(got) != 0 {
		t.Errorf("of a metric that is not there: %v, %v", got, err)
	}
	for _, wrong := range []string{"calls_total{call=\"Txn\"} many\n", "calls_total{code=\"ok\"} 1\n"} {
		if _, err := by(strings.NewReader(wrong), "calls_total", "call"); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
