package propagation

import (
	"slices"
	"testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
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
