package route53

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// pageSize is the largest that Amazon allows.
const pageSize = 300

// Records implements dns.Provider. Aliases, and sets that are one of several (weighted, by latency …), have no values.
func (p *Provider) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	listing := escapes.NewListing()
	var sets []dns.RecordSet
	// Sets are sorted by their names' labels from the last to the first, so that what is below a name comes after it without a gap.
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(dns.PlainID(zone.ID)), MaxItems: aws.Int32(pageSize), StartRecordName: aws.String(under)}
	for more := true; more; {
		page, err := p.page(ctx, in, len(sets) > 0)
		if err != nil {
			return nil, fmt.Errorf("list zone %q: %w", zone.Name, err)
		}
		for i := range page.ResourceRecordSets {
			set := read(listing, &page.ResourceRecordSets[i])
			if !dns.Within(set.Name, under) {
				page.IsTruncated = false
				break
			}
			if last := len(sets) - 1; set.Values == nil && last >= 0 && sets[last].Name == set.Name && sets[last].Type == set.Type {
				continue // one more of several
			}
			sets = append(sets, set)
		}
		more = page.IsTruncated
		in.StartRecordName, in.StartRecordType, in.StartRecordIdentifier = page.NextRecordName, page.NextRecordType, page.NextRecordIdentifier
	}
	p.memory.Remember(zone.ID, under, listing)
	return sets, nil
}

// Waits before a page is asked for again. Without them, a listing of many pages would hardly end where others use up what the account may ask.
var pageWaits = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// page asks for one. If it is not the first, it is asked for again after failures that pass.
func (p *Provider) page(ctx context.Context, in *route53.ListResourceRecordSetsInput, further bool) (*route53.ListResourceRecordSetsOutput, error) {
	for try := 0; ; try++ {
		page, err := call(ctx, p, "ListResourceRecordSets", (*route53.Client).ListResourceRecordSets, in)
		if err == nil || !further || try == len(pageWaits) || errors.Is(err, dns.ErrDenied) || errors.Is(err, dns.ErrNoZone) {
			return page, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pageWaits[try]):
		}
	}
}

func read(l *zonetext.Listing, set *types.ResourceRecordSet) dns.RecordSet {
	t, ttl := dns.Type(set.Type), uint32(min(max(aws.ToInt64(set.TTL), 0), 1<<31-1))
	if set.AliasTarget != nil || set.SetIdentifier != nil {
		return dns.RecordSet{Name: escapes.Name(aws.ToString(set.Name)), Type: t, TTL: ttl}
	}
	values := make([]string, 0, len(set.ResourceRecords))
	for _, record := range set.ResourceRecords {
		values = append(values, aws.ToString(record.Value))
	}
	return l.Read(zonetext.Raw{Name: aws.ToString(set.Name), Values: values}, t, ttl)
}
