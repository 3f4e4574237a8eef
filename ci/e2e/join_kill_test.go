//go:build e2e

package e2e

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestJoinKilled kills join and unjoin with SIGKILL at each of their steps, as a run that came to its end announced them. After each,
// join again makes a member, and unjoin leaves nothing.
func TestJoinKilled(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship", zone)
	m := s.member(gondor)
	before := s.list()
	join, unjoin := s.here([]string{"join", gondor, "--verbose"}), s.here([]string{"unjoin", gondor, "--verbose"})
	gone := func(s *sandbox) {
		s.Helper()
		s.parted("fellowship", gondor)
		m.isAsBefore(s)
		if err := unchanged(before, s.list()); err != nil {
			s.Errorf("after unjoin the host cluster is not as before:\n%v", err)
		}
	}
	joining := announced(s.must("fedhelm", join...))
	leaving := announced(s.must("fedhelm", unjoin...))
	gone(s)

	for i, at := range joining {
		s.step("join killed at "+at+", then unjoin", func(s *sandbox) {
			s.killed(at, join)
			if i != 1 { // the lock of who was killed is in the way for a while; that is seen once, after the first step that holds it
				s.unlock(gondor)
			}
			s.must("fedhelm", unjoin...)
			gone(s)
		})
	}
	for i := range max(len(joining), len(leaving)) {
		at, later := joining[min(i, len(joining)-1)], leaving[min(i, len(leaving)-1)]
		s.step("join killed at "+at+", then join, unjoin killed at "+later, func(s *sandbox) {
			s.killed(at, join)
			s.unlock(gondor)
			s.must("fedhelm", join...)
			s.joined("fellowship", gondor)
			s.killed(later, unjoin)
			s.unlock(gondor)
			s.must("fedhelm", unjoin...)
			gone(s)
		})
	}
	s.purge("fellowship")
}

var stepName = regexp.MustCompile(`(?m)^(.*?)(?:: [^:\n]*)? \(\d+\.\d+s\)$`)

// announced are the steps of a run, in the order in which they ended.
func announced(r result) []string {
	var names []string
	for _, m := range stepName.FindAllStringSubmatch(r.stderr, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// killed runs fedhelm and kills it when it announces a step. When it came to its end before that, it must have been a good one.
func (s *sandbox) killed(at string, args []string) {
	s.Helper()
	if killed, output := s.killAt(at, args...); !killed && strings.Contains(output, "error: ") {
		s.Fatalf("it was not killed at %q, and failed:\n%s", at, output)
	}
}

// unlock takes the lock of a killed run away, so as not to wait for it.
func (s *sandbox) unlock(cluster string) {
	s.Helper()
	err := bed.host.client.CoordinationV1().Leases(s.namespace).DeleteCollection(s.Context(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: "federation.fedhelm.io/cluster=" + cluster})
	if err != nil {
		s.Fatal(err)
	}
}
