package dnsview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// mostNamed is how many Services are named of those that are waited for.
const mostNamed = 3

// waiting is for what the controller manager does about a drain.
type waiting struct {
	o     DrainOptions
	drain bool
	// concerned are the Services that a drain takes the member out of, or its end brings it back into.
	concerned map[string]bool
}

func newWaiting(o DrainOptions, drain bool, v *View) *waiting {
	w := &waiting{o: o, drain: drain, concerned: map[string]bool{}}
	for i := range v.services {
		if st := v.stateOf(&v.services[i]); w.covers(&st) {
			m := st.members[o.Cluster]
			w.concerned[id(st.service)] = drain && m.Backs || !drain && m.Reason == string(dnsstate.Drained)
		}
	}
	return w
}

// covers tells whether the drain is about the Service.
func (w *waiting) covers(st *state) bool {
	return st.published && (w.o.Service == "" || st.service.Name == w.o.Service && st.service.Namespace == w.o.Namespace)
}

// wait returns what the federation says in the end.
func (w *waiting) wait(ctx context.Context, step *progress.Step) (*View, error) {
	last := "the federation API"
	for {
		v, err := Read(ctx, w.o.API, w.o.Namespace)
		switch {
		case ctx.Err() != nil:
		case err != nil: // it may be away for a moment
			last = err.Error()
		default:
			open := w.open(v)
			if len(open) == 0 {
				return v, nil
			}
			last = spellOpen(open)
		}
		step.Waitingf("%s", last)
		select {
		case <-ctx.Done():
			if !errors.Is(context.Cause(ctx), setup.ErrTimedOut) {
				return nil, context.Cause(ctx)
			}
			return nil, setup.TimedOut(w.o.Timeout, "waiting for %s; the annotation stays, and the same command waits again; fedhelm check FEDERATION looks whether the controller manager is well", last)
		case <-time.After(w.o.Every):
		}
	}
}

// open are the Services that are not as they should be yet, with what is waited for.
func (w *waiting) open(v *View) []string {
	var open []string
	for i := range v.services {
		st := v.stateOf(&v.services[i])
		if !w.covers(&st) {
			continue
		}
		if why := w.unsettled(v, &st); why != "" {
			open = append(open, fmt.Sprintf("%s (%s)", id(st.service), why))
		}
	}
	return open
}

// unsettled says what is still to happen to a Service; "": nothing.
func (w *waiting) unsettled(v *View, st *state) string {
	name, m := id(st.service), st.members[w.o.Cluster]
	if w.drain && m.Backs {
		w.concerned[name] = true
		return "its names lead to " + w.o.Cluster + " still"
	}
	if !w.drain && m.Reason == string(dnsstate.Drained) && !w.drainedOtherwise(v, st) {
		w.concerned[name] = true
		return w.o.Cluster + " is still taken for drained"
	}
	if !w.concerned[name] || !w.drain && !m.Backs {
		return ""
	}
	switch st.reason {
	case fedv1beta1.ReasonPublished, fedv1beta1.ReasonNoBackend:
		return ""
	default:
		return strings.TrimSuffix(st.reason+": "+st.message, ": ")
	}
}

// drainedOtherwise tells whether something else than what was taken away keeps the member out of the Service's names.
func (w *waiting) drainedOtherwise(v *View, st *state) bool {
	c := v.cluster(w.o.Cluster)
	return c != nil && dnsstate.DrainedCluster(c.Annotations) || dnsstate.DrainedBy(st.service.Annotations, w.o.Cluster)
}

func spellOpen(open []string) string {
	text := strings.Join(open[:min(len(open), mostNamed)], ", ")
	switch more := len(open) - mostNamed; {
	case more > 0:
		return fmt.Sprintf("%d Services: %s and %d more", len(open), text, more)
	case len(open) > 1:
		return fmt.Sprintf("%d Services: %s", len(open), text)
	default:
		return "Service " + text
	}
}

// report fills in what has come of it.
func (w *waiting) report(v *View, result *Drained) {
	for i := range v.services {
		st := v.stateOf(&v.services[i])
		name, m := id(st.service), st.members[w.o.Cluster]
		if !w.covers(&st) {
			continue
		}
		others := slices.ContainsFunc(st.all(), func(m Member) bool { return m.Backs })
		switch {
		case w.concerned[name] && (w.drain || m.Backs):
			if result.Moved = append(result.Moved, name); !others {
				result.Unbacked = append(result.Unbacked, name)
			}
			for j := range v.Zones {
				result.TTL = max(result.TTL, st.ttl(&v.Zones[j]))
			}
		case !w.drain && !m.Backs:
			result.Kept = append(result.Kept, Kept{Service: name, Reason: m.Reason, Message: m.Message})
		}
	}
}
