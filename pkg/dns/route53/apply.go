package route53

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/batch"
)

// limit is that of a ChangeResourceRecordSets request: records, and characters in their values.
var limit = batch.Size{1000, 32000}

// Apply implements dns.Provider. Changes of a call are made all at once.
func (p *Provider) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	p.changing.Lock()
	defer p.changing.Unlock()
	caller := batch.Caller{Limit: limit, Size: size, Call: func(ctx context.Context, units []dns.Unit) error { return p.change(ctx, zone, units) }}
	return caller.Apply(ctx, units)
}

// size is what a unit takes of a call. What is removed counts as what is made does.
func size(u dns.Unit) batch.Size {
	var s batch.Size
	for _, c := range u.Changes {
		for _, set := range []*dns.RecordSet{c.Before, c.After} {
			if set == nil {
				continue
			}
			values := escapes.Values(*set)
			s[0] += len(values)
			for _, value := range values {
				s[1] += len(value)
			}
		}
	}
	return s
}

// change is one call.
func (p *Provider) change(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	var changes []types.Change
	for _, u := range units {
		for _, c := range u.Changes { // what goes does so first: nothing suffers a CNAME beside it
			if c.Before != nil {
				changes = append(changes, p.changeOf(zone, types.ChangeActionDelete, c.Before))
			}
		}
		for _, c := range u.Changes {
			if c.After != nil {
				changes = append(changes, p.changeOf(zone, types.ChangeActionCreate, c.After))
			}
		}
	}
	_, err := call(ctx, p, "ChangeResourceRecordSets", (*route53.Client).ChangeResourceRecordSets, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(dns.PlainID(zone.ID)), ChangeBatch: &types.ChangeBatch{Changes: changes},
	})
	if err == nil {
		p.memory.Forget(zone.ID, units)
		return nil
	}
	err = fmt.Errorf("change zone %q: %w", zone.Name, err)
	var said *refusalError
	if errors.As(err, &said) {
		return said.refused(units)
	}
	return err
}

func (p *Provider) changeOf(zone dns.Zone, action types.ChangeAction, set *dns.RecordSet) types.Change {
	name, values := set.Name, escapes.Values(*set)
	if action == types.ChangeActionDelete {
		raw := p.memory.Write(escapes, zone.ID, *set)
		name, values = raw.Name, raw.Values
	}
	records := make([]types.ResourceRecord, 0, len(values))
	for i := range values {
		records = append(records, types.ResourceRecord{Value: &values[i]})
	}
	return types.Change{Action: action, ResourceRecordSet: &types.ResourceRecordSet{
		Name: aws.String(name), Type: types.RRType(set.Type), TTL: aws.Int64(int64(set.TTL)), ResourceRecords: records,
	}}
}
