package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// work is what is made at once.
type work struct {
	units []dns.Unit
	parts []part
}

// part is what of it is for one Service.
type part struct {
	id    string
	units []dns.Unit
	since time.Time // the oldest of the changes that it makes; zero if it is none that was wanted
}

// keep makes what Services need, as many as are enough for a call of the provider; the others go to the backlog. Units that fail are told with
// their Services; an error is one that everything has to wait for.
func (k *Keeper) keep(ctx context.Context, batch []string) error {
	w := k.plan(batch)
	var err error
	if len(w.units) > 0 {
		err = k.apply(ctx, w.units)
	}
	var failed *dns.UnitErrors
	if err != nil && !errors.As(err, &failed) {
		k.tell(func() { k.reopen(w) })
		k.listAt = time.Now()
		return err
	}
	k.tell(func() { k.conclude(w, failed) })
	if failed != nil && (errors.Is(failed, dns.ErrThrottled) || errors.Is(failed, dns.ErrDenied)) {
		return failed // others would fare alike
	}
	if len(w.units) > 0 {
		k.failures = 0
	}
	return nil
}

func (k *Keeper) apply(ctx context.Context, units []dns.Unit) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return k.provider.Apply(ctx, k.zone, units)
}

// plan compares what Services want with what the zone has.
func (k *Keeper) plan(batch []string) work {
	k.mu.Lock()
	defer k.mu.Unlock()
	var w work
	for i, id := range batch {
		if len(w.units) >= unitsAtOnce {
			k.backlog = append(batch[i:len(batch):len(batch)], k.backlog...)
			break
		}
		s := k.services[id]
		if s == nil || k.open[id] {
			continue // nobody wants it, and nothing is left of it; or a listing will have it looked at
		}
		scope := dns.Scope{Services: []string{id}, Made: func(name string) bool { return k.ours[name] }}
		wanted, conflicts := k.own(id, s.wanted)
		units, more := dns.Plan(k.o.Owner, wanted, k.index, scope)
		conflicts = append(conflicts, more...)
		p := part{id: id, since: s.since}
		open := map[string]bool{}
		for _, c := range conflicts {
			open[c.Name] = true
		}
		for _, u := range units {
			open[u.Name] = true
			if by, wanted := k.names[u.Name]; !wanted || by == id {
				p.units = append(p.units, u)
			} // else its mark says the wrong Service, and the right one will mend it
		}
		for _, want := range s.wanted {
			if !open[want.Name] {
				k.ours[want.Name] = true
			}
		}
		k.update(id, func(s *service) { s.conflicts, s.since, s.making = conflicts, time.Time{}, len(p.units) > 0 })
		w.parts = append(w.parts, p)
		w.units = append(w.units, p.units...)
	}
	return w
}

// own are the names that are this keeper's to make. Others lie in zones in the zone, where nobody would find what is written here.
func (k *Keeper) own(id string, wanted []dns.Wanted) (own []dns.Wanted, others []dns.Conflict) {
	if len(k.o.Except) == 0 {
		return wanted, nil
	}
	for _, w := range wanted {
		if !k.excepted(w.Name) {
			own = append(own, w)
			continue
		}
		others = append(others, dns.Conflict{Name: w.Name, Service: id, Message: fmt.Sprintf(
			"%q lies in another DNS zone of the federation's, which is in this one: name that zone otherwise than the place (region or zone) of the members whose name this is", w.Name)})
	}
	return own, others
}

// reopen has what was to be made done anew, after the next listing. What the zone holds of these Services is open until then.
func (k *Keeper) reopen(w work) {
	for _, p := range w.parts {
		if len(p.units) > 0 {
			k.open[p.id] = true
		}
		k.update(p.id, func(s *service) {
			if s.making = false; len(p.units) > 0 {
				s.since = earliest(s.since, p.since)
			}
		})
	}
}

// conclude notes what was made, and what was not.
func (k *Keeper) conclude(w work, failed *dns.UnitErrors) {
	if len(w.parts) > 0 {
		k.err = k.listErr
	}
	stale, relied := false, true
	for _, p := range w.parts {
		errs := map[string]error{}
		for _, u := range p.units {
			err := failure(failed, u.Name)
			relied = k.listing.sought(u, err) && relied
			if err != nil {
				errs[u.Name] = err
				stale = stale || errors.Is(err, dns.ErrStale)
				continue
			}
			k.note(u)
		}
		k.update(p.id, func(s *service) { k.settle(p, s, errs) })
	}
	if !relied {
		k.dropListing()
		k.listAt = time.Now().Add(k.o.Resync) // or as staleness says
	}
	k.staleness(stale)
}

// staleness has the zone listed anew when something was stale: at once for the first time, then with pauses that grow, since it can also be that
// the provider lists otherwise than it compares. A listing that goes on will do: if it has not seen what others did, it leads to what is stale again.
func (k *Keeper) staleness(stale bool) {
	if !stale {
		if len(k.backlog) == 0 {
			k.stale = 0
		}
		return
	}
	wait := time.Duration(0)
	if k.stale > 0 {
		wait = firstPause << min(k.stale-1, 20)
	}
	k.stale++
	if k.listing != nil {
		return
	}
	if at := time.Now().Add(wait); at.Before(k.listAt) {
		k.listAt = at
	}
}

// settle notes how a Service's part went.
func (k *Keeper) settle(p part, s *service, errs map[string]error) {
	s.making, s.failed, s.retryAt = false, errs, time.Time{}
	if len(errs) == 0 {
		s.failures = 0
		delete(k.failing, p.id)
		if len(p.units) > 0 && !p.since.IsZero() {
			k.o.Metrics.made(time.Since(p.since))
		}
		return
	}
	k.failing[p.id] = true
	s.failures++
	for _, err := range errs {
		if !errors.Is(err, dns.ErrRejected) && !errors.Is(err, dns.ErrStale) {
			s.retryAt = time.Now().Add(pause(s.failures))
		}
	}
	if !s.settled() {
		s.since = earliest(s.since, p.since)
	}
}

// note changes what is known of the zone as a unit changed it.
func (k *Keeper) note(u dns.Unit) {
	k.index.Apply(u)
	for _, c := range u.Changes {
		marks := 0
		if c.Before != nil && c.Before.Name == dns.MarkName(u.Name) || c.After != nil && c.After.Name == dns.MarkName(u.Name) {
			marks = 1
		}
		if c.Before != nil {
			k.status.Names -= marks
			k.status.Records -= (1 - marks) * len(c.Before.Values)
		}
		if c.After != nil {
			k.status.Names += marks
			k.status.Records += (1 - marks) * len(c.After.Values)
		}
	}
	if _, wanted := k.names[u.Name]; wanted {
		k.ours[u.Name] = true
	} else {
		delete(k.ours, u.Name)
	}
}

func failure(failed *dns.UnitErrors, name string) error {
	if failed == nil {
		return nil
	}
	return failed.Failed[name]
}

// earliest of times that are not zero; now, if both are.
func earliest(a, b time.Time) time.Time {
	switch {
	case a.IsZero() && b.IsZero():
		return time.Now()
	case a.IsZero() || !b.IsZero() && b.Before(a):
		return b
	}
	return a
}
