package delivery

import (
	"context"
	"encoding/json"
	"time"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// The pods of a workload that is not ready are looked at after a while, and then from time to time, since nothing tells when they change.
const (
	beforeLooking = 10 * time.Second
	mostSeldom    = 2 * time.Minute
	betweenVisits = 200 * time.Millisecond // of one member, however many workloads are not ready
)

// crew is what was found of the pods of a workload that is not ready.
type crew struct {
	unschedulable int32
	waiting       string
	visits        int
}

// hasPods tells whether objects of the kind have pods whose state says why they are not ready.
func (l *lens) hasPods() bool {
	return l.kind.Divided == kinds.Replicas || l.kind.Divided == kinds.Job || l.kind.ID() == "daemonsets.apps"
}

// muster notes whether a workload that was seen is ready.
func (t *table) muster(r *record, c *change) {
	if !t.hasPods() || !r.whole {
		return
	}
	switch waits := !r.ready(); {
	case waits && r.crew == nil:
		r.crew, c.unready = &crew{}, true
	case !waits && r.crew != nil:
		r.crew = nil // the status has changed as well, so that it is told
	}
}

// ready tells whether a workload has as many pods that are ready as it should have, by its own account.
func (r *record) ready() bool {
	var s struct {
		ReadyReplicas, DesiredNumberScheduled, NumberReady, Active, Ready int32
	}
	if json.Unmarshal(r.status, &s) != nil { // it says nothing yet
		return false
	}
	wanted := int32(0)
	if r.share != nil && r.share.Replicas != nil {
		wanted = *r.share.Replicas
	}
	return s.ReadyReplicas >= wanted && s.NumberReady >= s.DesiredNumberScheduled && s.Ready >= s.Active
}

// lookAtPods looks at the pods of a workload.
func (a *Agent) lookAtPods(ctx context.Context, k Key) {
	t := a.table(k.Kind)
	if t == nil { // the kind is federated no more
		return
	}
	r := t.look(k.name())
	if r.crew == nil || !r.ours || r.terminating {
		return
	}
	unschedulable, waiting, err := a.client.look(ctx, t.kind, k.Namespace, k.Name)
	changed, visits := false, 1
	t.amend(k.name(), func(now *record) {
		if now.crew == nil || now.uid != r.uid {
			return
		}
		c := *now.crew
		c.visits++
		if err == nil {
			c.unschedulable, c.waiting = unschedulable, say("%s", waiting)
		}
		changed = c.unschedulable != now.crew.unschedulable || c.waiting != now.crew.waiting
		now.crew, visits = &c, c.visits
	})
	if changed {
		a.Changed(k)
	}
	a.visitAfter(k, doubled(beforeLooking, visits, mostSeldom))
}

// visitAfter has the pods of a workload looked at after some time.
func (a *Agent) visitAfter(k Key, d time.Duration) {
	now := a.Clock.Now()
	a.mu.Lock()
	a.visit = later(now, a.visit.Add(betweenVisits)) // its turn, which nobody waits for who comes later anyway
	at := later(now.Add(d), a.visit)
	a.mu.Unlock()
	a.crews.addAfter(k, Recheck, at.Sub(now))
}
