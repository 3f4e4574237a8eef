package keeper

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/go-logr/logr"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// turn does the one thing that is most urgent, and says when to look again unless something new comes before.
func (k *Keeper) turn(ctx context.Context) time.Duration {
	if wait := time.Until(k.resumeAt); wait > 0 {
		return wait
	}
	k.follow(ctx)
	if err := k.connect(ctx); err != nil {
		return k.fail(ctx, err)
	}
	if k.index == nil {
		if err := k.list(ctx); err != nil {
			return k.fail(ctx, err)
		}
	}
	if err := k.endListing(ctx); err != nil {
		return k.fail(ctx, err)
	}
	if k.dropped >= mostDropped {
		if k.beginListing(ctx); k.listing != nil {
			return lookAgain // its end is told
		}
	}
	k.sweepGarbage()
	batch, wait := k.next()
	if k.failures == 0 || len(batch) == 0 { // who fails is asked one thing at a time
		k.beginListing(ctx)
	}
	if len(batch) == 0 {
		if k.listing == nil {
			k.failures = 0
		}
		return wait
	}
	if err := k.keep(ctx, batch); err != nil {
		return k.fail(ctx, err)
	}
	return 0
}

// connect opens the provider and finds the zone, unless that is done.
func (k *Keeper) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	if k.provider == nil {
		provider, err := k.o.Open(ctx)
		if err != nil {
			return &configError{err}
		}
		k.provider = provider
		if r, ok := provider.(Replaceable); ok {
			k.form = r.Form(ctx)
		}
	}
	if k.zone != (dns.Zone{}) {
		return nil
	}
	zones, err := k.provider.Zones(ctx)
	if err != nil {
		return err
	}
	id := k.zoneID()
	zone, err := dns.SelectZone(k.o.Provider, zones, k.o.ZoneName, id)
	if errors.Is(err, dns.ErrNoZone) && k.o.CreateZone && id == "" {
		if made, failed := k.provider.CreateZone(ctx, dns.Absolute(k.o.ZoneName)); !errors.Is(failed, errors.ErrUnsupported) {
			zone, err = made, failed
		}
	}
	if err != nil {
		return err
	}
	k.zone = zone
	k.tell(func() { k.status.Zone = zone })
	return nil
}

// excepted tells whether a name is others' to keep.
func (k *Keeper) excepted(name string) bool {
	for _, except := range k.o.Except {
		if dns.Within(name, except) {
			return true
		}
	}
	return false
}

// count is what of the index is the owner's.
func (k *Keeper) count() (names, records int) {
	for name, mark := range k.index.Marked() {
		if !k.o.Owner.Owns(mark) {
			continue
		}
		names++
		for _, set := range k.index.At(name) {
			if set.Type == dns.A || set.Type == dns.AAAA || set.Type == dns.CNAME {
				records += len(set.Values)
			}
		}
	}
	return names, records
}

// next is what to look at now: what users changed, once they pause, then what a listing or a failure calls for. If there is nothing, it says how
// long there will be nothing.
func (k *Keeper) next() (batch []string, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	wait = k.listAt.Sub(now)
	if k.listing != nil {
		wait = k.o.Resync // its end is told
	}
	if k.replaceable() {
		wait = min(wait, lookAgain)
	}
	if k.sweep {
		wait = min(wait, k.sweepAt.Sub(now))
	}
	if len(k.changed) > 0 {
		due := k.last.Add(gather)
		if most := k.since.Add(gatherMost); most.Before(due) {
			due = most
		}
		if !now.Before(due) {
			batch = slices.Sorted(maps.Keys(k.changed))
			clear(k.changed)
			return batch, 0
		}
		wait = min(wait, due.Sub(now))
	}
	if len(k.backlog) > 0 {
		batch, k.backlog = k.backlog, nil
		return batch, 0
	}
	for id := range k.failing {
		switch at := k.services[id].retryAt; {
		case at.IsZero(), k.open[id]:
		case !now.Before(at):
			batch = append(batch, id)
		default:
			wait = min(wait, at.Sub(now))
		}
	}
	slices.Sort(batch)
	return batch, max(wait, 0)
}

// fail has all wait after a failure of the provider, longer each time, or as long as it says. It is not asked by a listing either.
func (k *Keeper) fail(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	if k.listing != nil {
		k.dropped++
	}
	k.dropListing()
	k.failures++
	wait := pause(k.failures)
	var throttled *dns.Throttled
	if errors.As(err, &throttled) && throttled.After > 0 {
		wait = min(throttled.After, longestAsked)
	}
	k.resumeAt = time.Now().Add(wait)
	if errors.Is(err, dns.ErrNoZone) || errors.Is(err, dns.ErrDenied) { // other credentials may be another account's
		k.zone, k.index = dns.Zone{}, nil
	}
	if errors.Is(err, dns.ErrDenied) {
		k.close()
	}
	logr.FromContextOrDiscard(ctx).Error(err, "DNS zone cannot be kept for now", "provider", k.o.Provider, "zone", k.o.ZoneName, "retryAfter", wait.String())
	k.tell(func() { k.err = err })
	return wait
}

// unreachable tells errors of the network from answers.
func unreachable(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded)
}
