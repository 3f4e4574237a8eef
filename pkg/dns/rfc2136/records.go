package rfc2136

import (
	"context"
	"errors"
	"fmt"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Records implements dns.Provider. The server transfers the whole zone, whatever part of it is asked for. Values are nil for types that
// federations do not use.
func (p *Provider) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	var records []mdns.RR
	err := p.do(ctx, "AXFR", p.options.Transfer, func(s *session) (err error) {
		records, err = s.transfer(zone.Name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("transfer zone %q: %w", zone.Name, err)
	}
	return sets(records, under), nil
}

// transfer receives a zone, which begins and ends with its SOA.
func (s *session) transfer(zone string) ([]mdns.RR, error) {
	if err := s.send(new(mdns.Msg).SetAxfr(zone)); err != nil {
		return nil, err
	}
	var records []mdns.RR
	for {
		m, err := s.receive()
		if err != nil {
			return nil, err
		}
		for _, rr := range m.Answer {
			end := rr.Header().Rrtype == mdns.TypeSOA
			switch {
			case len(records) == 0 && !end:
				return nil, errors.New("the transfer does not begin with the zone's SOA")
			case len(records) > 0 && end:
				return records, nil
			}
			records = append(records, rr)
		}
		if len(m.Answer) == 0 {
			return nil, errors.New("the transfer has an empty message in it")
		}
	}
}
