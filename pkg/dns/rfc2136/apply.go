package rfc2136

import (
	"context"
	"errors"
	"fmt"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// maxMessage is in octets, without name compression. TCP carries 65,535; the rest is for the header, the zone and the signature.
const maxMessage = 60 << 10

// maxFailures is how many units the server may fail to make for a reason of its own before it is taken to fail for all.
const maxFailures = 3

// Apply implements dns.Provider. Units share update messages, which a server makes wholly or not at all. It does not say which unit it was that
// kept it from making one: the message is then halved until it is found.
func (p *Provider) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	a := &application{provider: p, zone: zone, failed: map[string]error{}}
	var batch []*update
	size := 0
	for _, unit := range units {
		u, err := newUpdate(zone, unit)
		if err != nil {
			a.failed[unit.Name] = err
			continue
		}
		if size += u.size; size > maxMessage && len(batch) > 0 {
			if err := a.make(ctx, batch); err != nil {
				return err
			}
			batch, size = nil, u.size
		}
		batch = append(batch, u)
	}
	if err := a.make(ctx, batch); err != nil {
		return err
	}
	if len(a.failed) > 0 {
		return &dns.UnitErrors{Failed: a.failed}
	}
	return nil
}

// application is one call of Apply.
type application struct {
	provider *Provider
	zone     dns.Zone
	failed   map[string]error
	failures int // for the server's own reasons
}

// make sends one message, or more when something in it cannot be made.
func (a *application) make(ctx context.Context, batch []*update) error {
	if len(batch) == 0 {
		return nil
	}
	err := a.provider.send(ctx, a.zone, batch)
	if err == nil {
		return nil
	}
	var refusal *refusal
	failing := errors.As(err, &refusal) && refusal.rcode == mdns.RcodeServerFailure
	if !failing && !errors.Is(err, dns.ErrStale) && !errors.Is(err, dns.ErrRejected) {
		return fmt.Errorf("update zone %q: %w", a.zone.Name, err)
	}
	if len(batch) > 1 {
		if err := a.make(ctx, batch[:len(batch)/2]); err != nil {
			return err
		}
		return a.make(ctx, batch[len(batch)/2:])
	}
	a.failed[batch[0].name] = err
	if failing {
		if a.failures++; a.failures > maxFailures {
			return fmt.Errorf("update zone %q: %w", a.zone.Name, err)
		}
	}
	return nil
}

func (p *Provider) send(ctx context.Context, zone dns.Zone, batch []*update) error {
	m := new(mdns.Msg).SetUpdate(zone.Name)
	m.Compress = true
	for _, u := range batch {
		m.Answer = append(m.Answer, u.prerequisites...) // the sections' names in updates
		m.Ns = append(m.Ns, u.changes...)
	}
	return p.do(ctx, "UPDATE", p.options.Server, func(s *session) error {
		if err := s.send(m); err != nil {
			return err
		}
		_, err := s.receive()
		return err
	})
}
