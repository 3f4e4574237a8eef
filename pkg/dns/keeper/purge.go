package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Purge removes every name of the owner's from the zone, and says how many are gone, also with an error. What fails is tried again, until ctx
// ends or nothing more goes, except where the provider denies it.
func Purge(ctx context.Context, provider dns.Provider, zone dns.Zone, owner dns.Owner) (int, error) {
	gone := 0
	for failures := 0; ; {
		n, left, err := purge(ctx, provider, zone, owner)
		gone += n
		if err == nil && left == 0 {
			return gone, nil
		}
		if n > 0 {
			failures = 0
		}
		failures++
		var throttled *dns.Throttled
		wait := pause(failures)
		switch {
		case errors.As(err, &throttled) && throttled.After > 0:
			wait = throttled.After
		case errors.Is(err, dns.ErrDenied), errors.Is(err, dns.ErrNoZone), failures == 5:
			return gone, fmt.Errorf("remove the names of federation %q from zone %q: %w", owner.Federation, zone.Name, err)
		}
		select {
		case <-ctx.Done():
			return gone, fmt.Errorf("remove the names of federation %q from zone %q: %w", owner.Federation, zone.Name, errors.Join(ctx.Err(), err))
		case <-time.After(wait):
		}
	}
}

// purge goes through the zone once.
func purge(ctx context.Context, provider dns.Provider, zone dns.Zone, owner dns.Owner) (gone, left int, err error) {
	sets, err := provider.Records(ctx, zone, zone.Name)
	if err != nil {
		return 0, 0, err
	}
	units, conflicts := dns.Plan(owner, nil, dns.NewIndex(sets), dns.Scope{All: true})
	if len(units) > 0 {
		err = provider.Apply(ctx, zone, units)
	}
	var failed *dns.UnitErrors
	switch {
	case errors.As(err, &failed):
		left = len(failed.Failed)
	case err != nil:
		return 0, len(units), err
	}
	for _, c := range conflicts {
		err = errors.Join(err, errors.New(c.Message))
	}
	return len(units) - left, left, err
}
