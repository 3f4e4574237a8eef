package propagation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// Who is waited for, and who will owe, before a source that is leaving is let go. Members: a answers, b does not, c is not selected.
func TestOwing(t *testing.T) {
	there, dying := &delivery.Copy{}, &delivery.Copy{Terminating: true}
	done := delivery.Report{State: delivery.Gone}
	const always = time.Hour
	tests := []struct {
		name    string
		reports map[string]delivery.Report
		waited  time.Duration
		change  func(*stage)
		owing   []string
		waits   bool
	}{
		{name: "a copy is waited for", reports: map[string]delivery.Report{"a": {State: delivery.Synced, Copy: there}}, owing: []string{"b"}, waits: true},
		{name: "who has nothing any more is not waited for, who does not answer will owe it", reports: map[string]delivery.Report{"a": done}, owing: []string{"b"}},
		{name: "a member that has not looked since is waited for", reports: map[string]delivery.Report{"a": {State: delivery.Rejected}}, owing: []string{"b"}, waits: true},
		{name: "a namespace that stays is done", reports: map[string]delivery.Report{"a": {State: delivery.Kept}}, owing: []string{"b"}},
		{
			name: "a copy where it is not wanted any more is waited for", reports: map[string]delivery.Report{"a": done, "c": {Copy: there}},
			owing: []string{"b"}, waits: true,
		},
		{name: "what is not gone in time is owed", reports: map[string]delivery.Report{"a": {State: delivery.Rejected, Copy: there}}, waited: patience, owing: []string{"a", "b"}},
		{name: "a copy that is being deleted is waited for", reports: map[string]delivery.Report{"a": {Copy: dying}}, owing: []string{"b"}, waits: true},
		{name: "a copy that takes long to be deleted is not owed", reports: map[string]delivery.Report{"a": {Copy: dying}}, waited: patience, owing: []string{"b"}},
		{
			name: "a member whose copies are not known yet is waited for", reports: map[string]delivery.Report{"a": done},
			change: func(s *stage) { s.agents["c"].behind = true }, owing: []string{"b"}, waits: true,
		},
		{
			name: "a member whose Agent is about to begin is waited for", reports: map[string]delivery.Report{"a": done},
			change: func(s *stage) { s.posts.set("c", nil) }, owing: []string{"b"}, waits: true,
		},
		{
			name: "a cluster that never was a member owes nothing", reports: map[string]delivery.Report{"a": done},
			change: func(s *stage) {
				s.setFleet(member{name: "a", labels: map[string]string{"name": "a"}, proven: true, ready: true}, member{name: "new", labels: map[string]string{"name": "b"}})
			},
		},
		{
			name: "nobody is let go before the members are known", waited: always, reports: map[string]delivery.Report{"a": done},
			change: func(s *stage) { s.counted.Store(false) }, waits: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a", "b", "c")
			is := s.see(configMaps, object("motto", selecting("a", "b"), deleting))
			fleet := s.fleet.Load()
			fleet.members[1].ready = false
			for name, r := range tt.reports {
				s.agents[name].reports[is.key] = r
			}
			if tt.change != nil {
				tt.change(s)
			}
			owing, again := s.owing(is, tt.waited)
			if diff := cmp.Diff(tt.owing, owing); diff != "" {
				t.Errorf("owing (-want +got):\n%s", diff)
			}
			if (again > 0) != tt.waits {
				t.Errorf("to be asked again in %s, want that to be %t", again, tt.waits)
			}
		})
	}
}

func TestUnreachableMembersOweWhatTheyMayHave(t *testing.T) {
	s := newStage(t, "a", "b")
	for _, m := range []string{"a", "b"} {
		s.fleet.Load().get(m).ready = false
	}
	tests := []struct {
		name   string
		change []func(*unstructured.Unstructured)
		owing  []string
	}{
		{name: "where all are selected, all do", owing: []string{"a", "b"}},
		{name: "where some are selected, others may have been before", change: []func(*unstructured.Unstructured){selecting("a")}, owing: []string{"a", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := read(configMaps, object("motto", append(tt.change, deleting)...), s.marks, noon)
			owing, again := s.owing(is, 0)
			if diff := cmp.Diff(tt.owing, owing); diff != "" || again != 0 {
				t.Errorf("to be asked again in %s; owing (-want +got):\n%s", again, diff)
			}
		})
	}
}

func TestKept(t *testing.T) {
	s := newStage(t, "a", "b", "c", "d", "e", "f")
	o := object("shop", deleting)
	o.SetNamespace("")
	is := s.see(kindOf(t, "namespaces"), o)
	if got := s.kept(is); got != "" {
		t.Errorf("where nobody keeps it, it says %q", got)
	}
	for name, a := range s.agents {
		a.reports[is.key] = delivery.Report{State: delivery.Kept, Message: "in use in " + name}
	}
	s.agents["b"].reports[is.key] = delivery.Report{State: delivery.Gone}
	if got, want := s.kept(is), "a: in use in a; c: in use in c; d: in use in d; and 2 more"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}
