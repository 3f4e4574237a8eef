package inmemory

import (
	"context"
	"slices"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Apply makes the units, UnitsPerCall with a call.
func (s *Server) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	failed := map[string]error{}
	for chunk := range slices.Chunk(units, UnitsPerCall) {
		if err := s.change(ctx, zone, chunk, failed); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return &dns.UnitErrors{Failed: failed}
	}
	return nil
}

// change is one call.
func (s *Server) change(ctx context.Context, zone dns.Zone, units []dns.Unit, failed map[string]error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(ctx, CallChange); err != nil {
		return err
	}
	sets, err := s.zone(zone)
	if err != nil {
		return err
	}
	for _, u := range units {
		err := sets.check(zone, u)
		if s.faults.Reject != nil && err == nil {
			err = s.faults.Reject(u)
		}
		if err != nil {
			failed[u.Name] = err
			continue
		}
		for _, c := range u.Changes {
			if s.faults.Change != nil {
				if err := s.faults.Change(c); err != nil {
					return err
				}
			}
			sets.change(c)
		}
	}
	return nil
}
