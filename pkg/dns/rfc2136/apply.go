package rfc2136

import (
	"context"
	"errors"
	"fmt"
	"maps"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/batch"
)

// maxMessage is in octets, without name compression. TCP carries 65,535; the rest is for the header, the zone and the signature.
const maxMessage = 60 << 10

// maxFailures is how many units the server may fail to make for a reason of its own before it is taken to fail for all.
const maxFailures = 3

// Apply implements dns.Provider. Units share update messages, which a server makes wholly or not at all. It does not say which unit it was that
// kept it from making one: the message is then halved until it is found.
func (p *Provider) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	failed := map[string]error{}
	updates := make(map[string]*update, len(units))
	accepted := make([]dns.Unit, 0, len(units))
	for _, unit := range units {
		u, err := newUpdate(zone, unit)
		if err != nil {
			failed[unit.Name] = err
			continue
		}
		updates[unit.Name] = u
		accepted = append(accepted, unit)
	}
	failures := 0
	messages := batch.Caller{
		Limit: batch.Size{maxMessage},
		Size:  func(u dns.Unit) batch.Size { return batch.Size{updates[u.Name].size} },
		Call: func(ctx context.Context, units []dns.Unit) error {
			m := new(mdns.Msg).SetUpdate(zone.Name)
			m.Compress = true
			for _, unit := range units {
				m.Answer = append(m.Answer, updates[unit.Name].prerequisites...) // the sections' names in updates
				m.Ns = append(m.Ns, updates[unit.Name].changes...)
			}
			err := p.update(ctx, m)
			var refusal *refusedError
			failing := errors.As(err, &refusal) && refusal.rcode == mdns.RcodeServerFailure
			if failing && len(units) == 1 {
				failures++
			}
			if failing && failures <= maxFailures || errors.Is(err, dns.ErrStale) || errors.Is(err, dns.ErrRejected) {
				return &batch.RefusedError{Err: err}
			}
			return err
		},
	}
	err := messages.Apply(ctx, accepted)
	var unmade *dns.UnitErrors
	if errors.As(err, &unmade) {
		maps.Copy(failed, unmade.Failed)
	} else if err != nil {
		return fmt.Errorf("update zone %q: %w", zone.Name, err)
	}
	if len(failed) > 0 {
		return &dns.UnitErrors{Failed: failed}
	}
	return nil
}

func (p *Provider) update(ctx context.Context, m *mdns.Msg) error {
	return p.do(ctx, "UPDATE", p.options.Server, func(s *session) error {
		if err := s.send(m); err != nil {
			return err
		}
		_, err := s.receive()
		return err
	})
}
