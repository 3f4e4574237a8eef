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
