package keeper

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-logr/logr"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// listing is one that is made while changes go on against the index that is there.
type listing struct {
	cancel context.CancelFunc
	done   chan listed // receives one
	// changed are the record sets that were changed since it began. It may have read them before or after, or a mark before and its records after.
	changed map[setKey]bool
}

type listed struct {
	sets []dns.RecordSet
	err  error
}

type setKey struct {
	name string
	kind dns.Type
}

func keyOf(set dns.RecordSet) setKey { return setKey{set.Name, set.Type} }

// list reads the zone while everything waits, as it must when nothing is known of it.
func (k *Keeper) list(ctx context.Context) error {
	sets, err := k.read(ctx, k.provider, k.zone)
	if err != nil {
		return err
	}
	k.learn(sets)
	k.listAt = time.Now().Add(k.o.Resync)
	return nil
}

// beginListing reads the zone beside all else, if that is due.
func (k *Keeper) beginListing(ctx context.Context) {
	if k.listing != nil || time.Now().Before(k.listAt) {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &listing{cancel: cancel, done: make(chan listed, 1), changed: map[setKey]bool{}}
	k.listing, k.listAt = l, time.Now().Add(k.o.Resync)
	provider, zone := k.provider, k.zone
	go func() {
		defer cancel()
		sets, err := k.read(ctx, provider, zone)
		l.done <- listed{sets, err}
		k.rouse()
	}()
}

// endListing takes in what was listed, if that is over. A failure that everything has to wait for is returned; after others, the zone stays as it
// was known, and is listed again.
func (k *Keeper) endListing(ctx context.Context) error {
	if k.listing == nil {
		return nil
	}
	var result listed
	select {
	case result = <-k.listing.done:
	default:
		return nil
	}
	changed := k.listing.changed
	k.listing = nil
	if err := result.err; err != nil {
		k.unlisted++
		wait := pause(k.unlisted)
		k.listAt = time.Now().Add(wait)
		k.listErr = err
		if errors.Is(err, dns.ErrThrottled) || errors.Is(err, dns.ErrDenied) || errors.Is(err, dns.ErrNoZone) {
			return err
		}
		if ctx.Err() == nil {
			logr.FromContextOrDiscard(ctx).Error(err, "DNS zone cannot be listed for now, and is kept as it was last seen", "provider", k.o.Provider, "zone", k.zoneName(),
				"retryAfter", wait.String())
			k.tell(func() { k.err = err })
		}
		return nil
	}
	k.learn(k.newest(result.sets, changed))
	return nil
}

// newest has what was changed while the zone was listed as the index has it: it was changed on the condition that it was what the index said.
func (k *Keeper) newest(sets []dns.RecordSet, changed map[setKey]bool) []dns.RecordSet {
	sets = slices.DeleteFunc(sets, func(set dns.RecordSet) bool { return changed[keyOf(set)] })
	for key := range changed {
		for _, set := range k.index.At(key.name) {
			if set.Type == key.kind {
				sets = append(sets, set)
			}
		}
	}
	return sets
}

// dropListing gives up a listing that is under way, so that another is due.
func (k *Keeper) dropListing() {
	if k.listing == nil {
		return
	}
	k.listing.cancel()
	<-k.listing.done
	k.listing, k.listAt = nil, time.Now()
}

func (k *Keeper) read(ctx context.Context, provider dns.Provider, zone dns.Zone) ([]dns.RecordSet, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return provider.Records(ctx, zone, zone.Name)
}

// learn replaces what is known of the zone, and has every Service looked at.
func (k *Keeper) learn(sets []dns.RecordSet) {
	k.index = dns.NewIndex(slices.DeleteFunc(sets, func(set dns.RecordSet) bool { return k.excepted(set.Name) }))
	k.unlisted, k.dropped, k.listErr = 0, 0, nil
	clear(k.open)
	k.tell(func() {
		k.err = nil
		k.status.LastSync = time.Now()
		k.status.Names, k.status.Records = k.count()
		k.backlog = slices.Sorted(maps.Keys(k.services))
		k.sweep = k.known
	})
}

// sought notes how a unit went, for the listing that goes on. It is false if neither what the listing has seen nor what the index has can be
// relied on: what was changed since it began was changed again by somebody else.
func (l *listing) sought(u dns.Unit, err error) bool {
	for _, c := range u.Changes {
		key := keyOf(c.Set())
		switch {
		case l == nil:
		case err == nil:
			l.changed[key] = true
		case errors.Is(err, dns.ErrStale) && l.changed[key]:
			return false
		}
	}
	return true
}
