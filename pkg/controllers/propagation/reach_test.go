package propagation

import (
	"testing"

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
