package googleclouddns

import (
	"context"
	"errors"
	"fmt"
	"time"

	clouddns "google.golang.org/api/dns/v1"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// Records implements dns.Provider. Sets with a routing policy have no values.
func (p *Provider) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	listing := escapes.NewListing()
	var sets []dns.RecordSet
	for token, more := "", true; more; more = token != "" {
		page, err := p.page(ctx, zone, token)
		if err != nil {
			return nil, fmt.Errorf("list zone %q: %w", zone.Name, err)
		}
		for _, raw := range page.Rrsets {
			if set := read(listing, raw); dns.Within(set.Name, under) {
				sets = append(sets, set)
			}
		}
		token = page.NextPageToken
	}
	p.memory.Remember(zone.ID, under, listing)
	return sets, nil
}

// Waits before a page is asked for again. Without them, a listing of many pages would hardly end where others use up what the project may ask.
var pageWaits = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second}

// page asks for one. If it is not the first, it is asked for again after failures that pass.
func (p *Provider) page(ctx context.Context, zone dns.Zone, token string) (*clouddns.ResourceRecordSetsListResponse, error) {
	for try := 0; ; try++ {
		page, err := call(ctx, p, "resourceRecordSets.list", func(project string) *clouddns.ResourceRecordSetsListCall {
			return p.api.ResourceRecordSets.List(project, zone.ID).PageToken(token)
		})
		if err == nil || token == "" || try == len(pageWaits) || errors.Is(err, dns.ErrDenied) || errors.Is(err, dns.ErrNoZone) {
			return page, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pageWaits[try]):
		}
	}
}

func read(l *zonetext.Listing, set *clouddns.ResourceRecordSet) dns.RecordSet {
	t, ttl := dns.Type(set.Type), uint32(min(max(set.Ttl, 0), 1<<31-1))
	if set.RoutingPolicy != nil {
		return dns.RecordSet{Name: escapes.Name(set.Name), Type: t, TTL: ttl}
	}
	return l.Read(zonetext.Raw{Name: set.Name, Values: set.Rrdatas}, t, ttl)
}
