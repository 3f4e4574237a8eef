package propagation

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// sum is a Job of 4 completions, two at a time, as changed.
func sum(change ...func(*unstructured.Unstructured)) *unstructured.Unstructured {
	o := object("sum", change...)
	o.Object["apiVersion"], o.Object["kind"] = "batch/v1", "Job"
	o.Object["spec"] = map[string]any{"parallelism": int64(2), "completions": int64(4), "template": map[string]any{}}
	return o
}

// ended is a part of the Job that was done in a member, for a source.
func ended(source types.UID) delivery.Report {
	return delivery.Report{State: delivery.Synced, Copy: &delivery.Copy{
		SourceUID: source, Share: shape.Share{Parallelism: ptr.To[int32](1), Completions: ptr.To[int32](2)},
		Status: []byte(`{"succeeded":2,"conditions":[{"type":"Complete","status":"True"}]}`),
	}}
}

// doneIn is what is remembered of the Job when all of it is done.
var doneIn = annotated(fedv1beta1.AnnotationMembers, `{"a":{"wanted":2,"ready":2,"finished":"Complete"},"b":{"wanted":2,"ready":2,"finished":"Complete"}}`)

// begun is what the Job's status says as soon as one part runs.
func begun(o *unstructured.Unstructured) {
	o.Object["status"] = map[string]any{"startTime": "2026-07-01T11:00:00Z"}
}

// What counts as done of a Job in member b; a has done its part.
func TestWhatIsDoneOfAJob(t *testing.T) {
	away := func(s *stage) {
		s.setFleet(member{name: "a", proven: true, ready: true}, member{name: "b", proven: true})
	}
	tests := []struct {
		name   string
		object *unstructured.Unstructured
		report delivery.Report // of b
		change func(*stage)
		plan   string // of b
		counts string // what b has for the Job's status
	}{
		{name: "a part that has finished is done", object: sum(), report: ended("uid-of-sum"), plan: "1/2 done", counts: "a status"},
		{name: "what was done for a Job that went before counts for nothing", object: sum(), report: ended("former"), plan: "1/2", counts: "no copy"},
		{
			name: "nor does it while the member is away, and still has the former Job", object: sum(), change: away,
			report: ended("former"), plan: "1/2", counts: "no copy",
		},
		{
			name: "nor does it where nothing is wished any more", object: sum(selecting("a")),
			report: ended("former"), plan: "absent", counts: "no status",
		},
		{
			name: "a part that finished, and was tidied away, stays done when the former Job is there again", object: sum(doneIn, begun),
			report: ended("former"), plan: "1/2 done", counts: "no copy",
		},
		{name: "a part that finished, and was tidied away, stays done", object: sum(doneIn, begun), plan: "1/2 done", counts: "no copy"},
		{name: "a Job that nothing was written of but what an exported one had done has not begun", object: sum(doneIn), plan: "1/2", counts: "no copy"},
		{
			name: "a part that had finished before the process began stays done", object: sum(doneIn, begun),
			change: func(s *stage) { s.agents["b"].behind = true }, plan: "1/2 done", counts: "no copy",
		},
		{
			name: "nor has it in a member whose copies are not known", object: sum(doneIn),
			change: func(s *stage) { s.agents["b"].behind = true }, plan: "1/2", counts: "no copy",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a", "b")
			if tt.change != nil {
				tt.change(s)
			}
			is := s.see(jobs, tt.object)
			s.agents["a"].reports[is.key] = ended(is.uid)
			s.agents["b"].reports[is.key] = tt.report
			s.plan(t.Context(), is.key)
			if got := text(s.plans.get(is.key))["b"]; got != tt.plan {
				t.Errorf("the plan for b is %q, want %q", got, tt.plan)
			}
			shot, _ := s.Snapshot(is.key)
			if got := counts(&shot, "b"); got != tt.counts {
				t.Errorf("for the status, b has %s, want %s", got, tt.counts)
			}
		})
	}
}

// A member that becomes ready while another makes its part gets nothing of that.
func TestWhatIsGivenOfAJobIsNotGivenTwice(t *testing.T) {
	joined := []member{{name: "a", proven: true, ready: true}, {name: "b", proven: true, ready: true}}
	tests := []struct {
		name   string
		a      delivery.Report
		change func(*stage)
		want   map[string]string
	}{
		{name: "it has not begun", want: map[string]string{"a": "2/4"}},
		{name: "it is at it", a: delivery.Report{State: delivery.Pending}, want: map[string]string{"a": "2/4"}},
		{name: "it has refused it", a: delivery.Report{State: delivery.Rejected}, want: map[string]string{"a": "1/2", "b": "1/2"}},
		{name: "it was of a Job that went before", want: map[string]string{"a": "1/2", "b": "1/2"}, change: func(s *stage) {
			s.see(jobs, sum(func(o *unstructured.Unstructured) { o.SetUID("another") }))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a", "b")
			s.setFleet(joined[0], member{name: "b"})
			is := s.see(jobs, sum())
			s.plan(t.Context(), is.key)
			if got := text(s.plans.get(is.key)); got["a"] != "2/4" {
				t.Fatalf("at first the plan is %v", got)
			}
			s.agents["a"].reports[is.key] = tt.a
			s.setFleet(joined...)
			if tt.change != nil {
				tt.change(s)
			}
			s.plan(t.Context(), is.key)
			got := text(s.plans.get(is.key))
			for m, want := range map[string]string{"a": tt.want["a"], "b": tt.want["b"]} {
				if got[m] != want && (want != "" || got[m] != "absent") {
					t.Errorf("the plan for %s is %q, want %q", m, got[m], want)
				}
			}
		})
	}
}

// counts is what a member has for the status of an object.
func counts(shot *state.Snapshot, member string) string {
	for _, p := range shot.Parts {
		switch {
		case p.Member != member || p.Copy == nil:
		case p.Copy.Status == nil:
			return "no status"
		default:
			return "a status"
		}
	}
	return "no copy"
}
