//go:build e2e

package e2e

import (
	"maps"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestMemberOfTwoFederations puts a real cluster into two federations of one host and namespace. Leaving one does not hurt the other.
func TestMemberOfTwoFederations(t *testing.T) {
	s := newSandbox(t)
	s.makeNamespace()
	s.federation("fellowship", zone)
	s.federation("council", "--dns-zone-name=example.org.")
	m := s.member(gondor)
	s.step("which federation has to be said", func(s *sandbox) {
		joined := m.list(s)
		s.refused(3, 30*time.Second, []string{"several federations", "fellowship", "council", "--federation"}, "join", gondor)
		s.refused(3, 30*time.Second, []string{`"ents"`, "fellowship", "council", "--federation"}, "join", gondor, "--federation=ents")
		if err := untouched(joined, m.list(s)); err != nil {
			s.Errorf("a refused join wrote something:\n%v", err)
		}
	})
	s.step("join both", func(s *sandbox) {
		s.fedhelm("join", gondor, "--federation=fellowship")
		s.fedhelm("join", "minas-tirith", "--federation=council", "--cluster-context="+gondor)
		s.joined("fellowship", gondor)
		s.joined("council", "minas-tirith")
		s.fedhelm("check", "fellowship")
		s.fedhelm("check", "council", "minas-tirith", "--cluster-context="+gondor)
	})
	s.step("leave one", func(s *sandbox) {
		other := func() listing {
			all := s.listIn(m.cluster, func(r schema.GroupVersionResource, o metav1.PartialObjectMetadata) bool {
				return s.foreign(r, o) || !strings.Contains(o.Name, "council")
			})
			maps.DeleteFunc(all, func(o string, _ state) bool { return strings.HasPrefix(o, "content of") }) // both have a block in the Corefile
			return all
		}
		was, steady := other(), s.watch("council", "minas-tirith")
		s.fedhelm("unjoin", gondor, "--federation=fellowship")
		s.parted("fellowship", gondor)
		if err := untouched(was, other()); err != nil {
			s.Errorf("leaving one federation changed the other:\n%v", err)
		}
		m.resolves(s, "council", "example.org")
		if seen := steady(s); len(seen) != 1 || seen[0].status != metav1.ConditionTrue {
			s.Errorf("Ready in the other federation was %v, want True all the time", seen)
		}
		s.fedhelm("check", "council", "minas-tirith", "--cluster-context="+gondor)
		s.fedhelm("unjoin", "minas-tirith", "--federation=council", "--cluster-context="+gondor)
		m.isAsBefore(s)
	})
	s.purge("council")
	s.purge("fellowship")
}

// TestJoinsAtTheSameTime joins two clusters, and one of them twice, all at once.
func TestJoinsAtTheSameTime(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship")
	s.member(rohan)
	s.member(arnor)
	results := make(chan result, 3)
	for _, name := range []string{rohan, rohan, arnor} {
		go func() { results <- s.try(2*time.Minute, "fedhelm", s.here([]string{"join", name})...) }()
	}
	late := 0
	for range 3 {
		r := <-results
		if r.code == 0 {
			continue
		}
		if late++; r.code != 3 || !strings.Contains(r.command, rohan) || !strings.Contains(r.stderr, "somebody else is at work") {
			t.Errorf("want success, or the word that somebody else is at work on this member\n%s", r)
		}
	}
	if late > 1 {
		t.Errorf("%d joins of one member ended without it", late)
	}
	s.joined("fellowship", rohan)
	s.joined("fellowship", arnor)
	s.says(s.fedhelm("join", rohan), rohan)

	for _, name := range []string{rohan, arnor} {
		go func() { results <- s.try(2*time.Minute, "fedhelm", s.here([]string{"unjoin", name})...) }()
	}
	for range 2 {
		if r := <-results; r.code != 0 {
			t.Error(r)
		}
	}
	s.parted("fellowship", rohan)
	s.parted("fellowship", arnor)
	s.purge("fellowship")
}
