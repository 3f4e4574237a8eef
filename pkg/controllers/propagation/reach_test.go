package propagation

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// overtaken is an Agent that is told by the census that its member is ready, while somebody else says what was so before.
type overtaken struct {
	*fakeAgent
	meanwhile func()
	reachable bool
}

func (a *overtaken) SetReachable(reachable bool) {
	if meanwhile := a.meanwhile; meanwhile != nil {
		a.meanwhile = nil
		meanwhile()
	}
	a.reachable = reachable
}

func TestAnAgentIsToldLastHowItsMemberIsNow(t *testing.T) {
	s := newStage(t, "a")
	s.setFleet(member{name: "a", proven: true})
	agent := &overtaken{fakeAgent: &fakeAgent{wanted: map[delivery.Key]delivery.Priority{}}}
	agent.meanwhile = func() {
		s.setFleet(member{name: "a", proven: true, ready: true})
		agent.SetReachable(true)
	}
	s.brief(&post{name: "a", agent: agent})
	if !agent.reachable {
		t.Error("its work pauses although its member is ready")
	}
}

func TestWhatIsSaidOfAMemberThatLeftIsSaidAnew(t *testing.T) {
	s := newStage(t, "a", "b")
	key := s.see(configMaps, object("settings")).key
	s.changed = nil
	before := s.fleet.Load()
	s.setFleet(member{name: "a", labels: map[string]string{"name": "a"}, proven: true, ready: true})
	s.follow(t.Context(), before, s.fleet.Load(), compare(before, s.fleet.Load()), map[string]*fedv1beta1.Cluster{"a": {}, "b": {}})
	if !slices.Contains(s.changed, key) {
		t.Errorf("the state of %v is written anew, want that of %v, which counts one member too many", s.changed, key)
	}
}

// Objects are many: that a member is not ready any more is no news of those that are in order there.
func TestWhatReadsTheSameIsNotSaidAnew(t *testing.T) {
	service := func(name string, change ...func(*unstructured.Unstructured)) *unstructured.Unstructured {
		return object(name, append(change, func(o *unstructured.Unstructured) {
			o.Object["kind"] = "Service"
			delete(o.Object, "data")
		})...)
	}
	kind := kindOf(t, "services")
	s := newStage(t, "a", "b")
	for name, report := range map[string]delivery.Report{
		"in-order":       {State: delivery.Synced},
		"elsewhere":      {State: delivery.Gone},
		"rejected":       {State: delivery.Rejected, Message: "no"},
		"remarked-upon":  {State: delivery.Synced, Message: "the member does not know: spec.x"},
		"not-looked-at":  {},
		"no-longer-here": {State: delivery.Synced},
	} {
		var is *source
		switch name {
		case "elsewhere", "no-longer-here":
			is = s.see(kind, service(name, selecting("b")))
		default:
			is = s.see(kind, service(name))
		}
		if report.State == delivery.Synced {
			report.Hash, report.Copy = is.hash, &delivery.Copy{Hash: is.hash}
		}
		s.agents["a"].reports[is.key] = report
	}
	s.see(deployments, func() *unstructured.Unstructured { // which is not planned yet
		o := object("web")
		o.Object = map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": o.Object["metadata"], "spec": map[string]any{}}
		return o
	}())
	s.changed = nil
	before := s.fleet.Load()
	s.setFleet(member{name: "a", labels: before.get("a").labels, proven: true}, *before.get("b"))
	s.retell(before, s.fleet.Load(), compare(before, s.fleet.Load()))
	var told []string
	for _, k := range s.changed {
		told = append(told, k.Name)
	}
	slices.Sort(told)
	if want := []string{"no-longer-here", "not-looked-at", "rejected", "remarked-upon"}; !slices.Equal(told, want) {
		t.Errorf("the state of %v is looked at, want %v", told, want)
	}
}

func TestWhatNamedAMemberThatLeftIsSaidAnew(t *testing.T) {
	s := newStage(t, "a", "b")
	s.see(configMaps, object("elsewhere", selecting("b")))
	named := s.see(configMaps, object("named", selecting("b"), annotated(fedv1beta1.AnnotationMembers, `{"a":{"state":"Unreachable"}}`)))
	s.changed = nil
	before := s.fleet.Load()
	s.setFleet(*before.get("b"))
	s.retell(before, s.fleet.Load(), compare(before, s.fleet.Load()))
	if !slices.Equal(s.changed, []delivery.Key{named.key}) {
		t.Errorf("the state of %v is looked at", s.changed)
	}
}

// Who runs a member may have put its release elsewhere than join does.
func TestNothingIsPutWhereTheAccountIs(t *testing.T) {
	s := newStage(t)
	s.o.Namespace = "federation-system"
	if got := s.reserved(&members.Member{Home: "guests"}); got != "guests" {
		t.Errorf("reserved is %q, want where the account is", got)
	}
	if got := s.reserved(&members.Member{}); got != "federation-system" {
		t.Errorf("reserved is %q, want where join puts the account", got)
	}
}
