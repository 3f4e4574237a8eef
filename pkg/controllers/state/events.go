package state

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
)

// longestNote is what the API allows an event to say, in bytes.
const longestNote = 1024

// event is a warning on an object.
type event struct{ reason, note string }

// transitions are the problems that have begun since the state was written last, one event for each reason, however many members have it.
func (s *Snapshot) transitions(all []standing, before memberstate.Members) []event {
	var events []event
	if s.Problem != "" && !s.saysReason(s.reason()) {
		events = append(events, event{s.reason(), s.Problem})
	}
	if len(s.Notes) > 0 && !s.saysReason(reasonNotPlaced) {
		events = append(events, event{reasonNotPlaced, strings.Join(s.Notes, "; ")})
	}
	for _, problem := range problems {
		var begun []*standing
		for i := range all {
			if x := &all[i]; x.state == problem && x.matters() && !had(before, x.Member, problem) {
				begun = append(begun, x)
			}
		}
		if len(begun) == 0 {
			continue
		}
		events = append(events, event{string(problem), note(begun)})
	}
	for i := range events {
		events[i].note = cut(events[i].note, longestNote)
	}
	return events
}

// had tells whether a member had the problem, so far as is known: where members were too many to be named, it may have, if others did.
func had(m memberstate.Members, member string, problem delivery.State) bool {
	if x, named := m[member]; named {
		return x.State == problem
	}
	if m[""].More == 0 {
		return false
	}
	for _, x := range m {
		if x.State == problem {
			return true
		}
	}
	return false
}

// note names the members, at most three, and says what the first of them says.
func note(begun []*standing) string {
	var names []string
	for i, x := range begun {
		if i == mostNamed {
			names = append(names, "and "+strconv.Itoa(len(begun)-mostNamed)+" more")
			break
		}
		names = append(names, x.Member)
	}
	text := strings.Join(names, ", ")
	if i := slices.IndexFunc(begun, func(x *standing) bool { return x.message != "" }); i >= 0 {
		text += ": " + begun[i].message
	}
	return text
}

// announce puts events on the object.
func (w *Writer) announce(s *Snapshot, events []event) {
	if len(events) == 0 {
		return
	}
	of := &corev1.ObjectReference{
		APIVersion: s.Kind.GroupVersionKind().GroupVersion().String(), Kind: s.Kind.Kind,
		Namespace: s.Key.Namespace, Name: s.Key.Name, UID: s.UID, ResourceVersion: s.ResourceVersion,
	}
	for _, e := range events {
		w.o.Events.Eventf(of, nil, corev1.EventTypeWarning, e.reason, "Propagate", "%s", e.note)
	}
}
