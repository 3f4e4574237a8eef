package cluster

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// What a member says of itself may be long and strange; that must not keep the rest from being told.
func TestDecideTakesNoLongStories(t *testing.T) {
	long := strings.Repeat("\x1b[31m", 100_000)
	status := readyStatus()
	for _, f := range []*finding{
		{unreachable, "https://gondor/readyz: " + long},
		{unhealthy, "https://gondor/readyz says 500" + failing([]byte("[-]"+long+"\n[-]etcd failed\n"))},
	} {
		s := decide(status, known{cluster: "gondor", generation: 1, state: valid("1"), finding: f, failures: 3, threshold: 3, now: noon})
		if meta.IsStatusConditionTrue(s.Conditions, fedv1beta1.ClusterReady) {
			t.Errorf("after %d failures it is ready", 3)
		}
		if slices.ContainsFunc(s.Conditions, func(c metav1.Condition) bool {
			return len(c.Message) > longestMessage || strings.Contains(c.Message, "\x1b")
		}) {
			t.Errorf("conditions %.2000v", s.Conditions)
		}
	}
	if got := failing([]byte("[-]" + long + "\n[-]etcd failed\n")); !strings.Contains(got, "etcd") {
		t.Errorf("failing = %q, want the other check that failed", got)
	}
}
