package keeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// purgeTries is how often in a row Purge may get nowhere, but for throttling.
const purgeTries = 6

// Purge removes every name of the owner's from the zone, and says how many are gone, also with an error. What fails is tried again, with pauses,
// until ctx ends or it gets nowhere; what the provider denies is not. Nobody else may keep the owner's names meanwhile.
func Purge(ctx context.Context, provider dns.Provider, zone dns.Zone, owner dns.Owner) (int, error) {
	gone, failures := 0, 0
	for {
		n, left, err := purge(ctx, provider, zone, owner)
		gone += n
		if err == nil && left == 0 {
			return gone, nil
		}
		failures++
		if n > 0 {
			failures = 1
		}
		wait := pause(failures)
		var throttled *dns.Throttled
		if errors.As(err, &throttled) {
			wait, failures = max(throttled.After, wait), min(failures, purgeTries-1)
		}
		if errors.Is(err, dns.ErrDenied) || errors.Is(err, dns.ErrNoZone) || failures == purgeTries {
			return gone, fmt.Errorf("remove the names of federation %q from zone %q: %w", owner.Federation, zone.Name, err)
		}
		select {
		case <-ctx.Done():
			return gone, fmt.Errorf("remove the names of federation %q from zone %q: %w", owner.Federation, zone.Name, errors.Join(ctx.Err(), err))
		case <-time.After(wait):
		}
	}
}

// purge goes through the zone once. Of names whose removal failed otherwise than alone, those that are gone all the same are not counted.
func purge(ctx context.Context, provider dns.Provider, zone dns.Zone, owner dns.Owner) (gone, left int, err error) {
	sets, err := provider.Records(ctx, zone, zone.Name)
	if err != nil {
		return 0, 0, err
	}
	units, conflicts := dns.Plan(owner, nil, dns.NewIndex(sets), dns.Scope{All: true})
	for batch := range slices.Chunk(units, unitsAtOnce) {
		applied := provider.Apply(ctx, zone, batch)
		var failed *dns.UnitErrors
		if applied != nil && !errors.As(applied, &failed) {
			return gone, len(units) - gone, applied
		}
		if failed != nil {
			left += len(failed.Failed)
			gone -= len(failed.Failed)
			err = errors.Join(err, failed)
		}
		gone += len(batch)
	}
	for _, c := range conflicts {
		err = errors.Join(err, errors.New(c.Message))
	}
	return gone, left, err
}
