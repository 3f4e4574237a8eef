package cluster

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestWords(t *testing.T) {
	tests := []struct{ name, said, want string }{
		{"what is said is said", `says 500; failing: "etcd" – überall`, `says 500; failing: "etcd" – überall`},
		{"nothing that a terminal obeys", "v1\x1b[2J\x07\r\nok\u009b\x7f", "v1 [2J   ok  "},
		{"nothing that is no text", "v1\xff\xfe", "v1  "},
		{"a long story has an end", strings.Repeat("a", 70), strings.Repeat("a", 61) + "…"},
		{"and is cut between letters", strings.Repeat("ü", 40), strings.Repeat("ü", 30) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := words(tt.said, 64); got != tt.want || len(got) > 64 {
				t.Errorf("words(%q) = %q, want %q", tt.said, got, tt.want)
			}
		})
	}
}

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
