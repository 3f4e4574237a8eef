package servicedns

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
)

// movePause is between two events that say which members' addresses went out or came back.
const movePause = 10 * time.Second

// moves is which members a Service's names led to when that was last told of, and which they have led to before. What never led anywhere is not
// in it: that it comes is no news.
type moves struct {
	told map[string]bool
	at   time.Time
}

// newMoves takes it that what was said of a Service was told of.
func newMoves(members dnsstate.Members) moves {
	is := moves{told: make(map[string]bool, len(members))}
	for name, m := range members {
		if m.Out != dnsstate.NotPlaced && m.Out != dnsstate.NoAddress {
			is.told[name] = m.Backs()
		}
	}
	return is
}

// of returns the members that went out, with the reasons, and those that came back.
func (m *moves) of(members dnsstate.Members) (out, in []string) {
	for _, name := range slices.Sorted(maps.Keys(m.told)) {
		is, there := members[name]
		switch led := m.told[name]; {
		case !there && led:
			out = append(out, name+" (gone)")
		case led && !is.Backs():
			out = append(out, fmt.Sprintf("%s (%s)", name, is.Out))
		case !led && is.Backs():
			in = append(in, name)
		}
	}
	return out, in
}

// note takes in what the members are, as told of; with all, also of those that are known.
func (m *moves) note(members dnsstate.Members, all bool) {
	for name, is := range members {
		if _, known := m.told[name]; all && known || !known && is.Backs() {
			m.told[name] = is.Backs()
		}
	}
	for name := range m.told {
		if _, there := members[name]; !there && all {
			delete(m.told, name)
		}
	}
}

// tellMoves tells of members whose addresses went out or came back, unless that was done a moment ago. It returns when to do so then.
func (c *Controller) tellMoves(s *source, m *memory, v verdict, now time.Time) (again time.Duration) {
	m.moves.note(v.members, false)
	out, in := m.moves.of(v.members)
	if len(in)+len(out) == 0 {
		return 0
	}
	if rest := m.moves.at.Add(movePause).Sub(now); rest > 0 {
		return rest
	}
	var parts []string
	if len(out) > 0 {
		parts = append(parts, "the names do not lead any more to "+enumerate(out))
	}
	if len(in) > 0 {
		parts = append(parts, "the names lead again to "+enumerate(in))
	}
	m.moves.note(v.members, true)
	m.moves.at = now
	c.o.Events.Eventf(reference(s), nil, corev1.EventTypeNormal, "DNSMoved", "Publish", "%s", strings.Join(parts, "; "))
	return 0
}

// announce tells of a condition that has begun.
func (c *Controller) announce(s *source, is *metav1.Condition) {
	if is == nil || s.condition != nil && s.condition.Reason == is.Reason {
		return
	}
	switch is.Reason {
	case fedv1beta1.ReasonConflict:
		c.o.Events.Eventf(reference(s), nil, corev1.EventTypeWarning, "DNSConflict", "Publish", "%s", is.Message)
	case fedv1beta1.ReasonRejected:
		c.o.Events.Eventf(reference(s), nil, corev1.EventTypeWarning, "DNSRejected", "Publish", "%s", is.Message)
	}
}

// reference names the Service in an event.
func reference(s *source) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: s.key.Name, UID: s.uid},
	}
}
