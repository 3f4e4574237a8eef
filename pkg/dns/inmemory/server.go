// Package inmemory is a DNS provider that keeps its zones in memory, refuses what real ones refuse, and fails on request.
package inmemory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/testutil/calls"
)

// UnitsPerCall is how many a Server takes at once.
const UnitsPerCall = 500

// Calls of a Server, as Faults.Call is told them and Calls counts them.
const (
	CallZones   = "zones"
	CallCreate  = "create"
	CallRecords = "records"
	CallChange  = "change"
)

// Faults make a Server fail. Nil functions let all be. They are called with the Server locked, and must not use it.
type Faults struct {
	// Call is asked before every call; its error is the answer.
	Call func(call string) error
	// Change is asked before each change of a record set. After an error the call ends there, with what was changed until then: the server is
	// then one that makes no unit atomically.
	Change func(dns.Change) error
	// Reject is asked for each unit; its error is why this one is not made.
	Reject func(dns.Unit) error
}

// Server is a dns.Provider.
type Server struct {
	mu     sync.Mutex
	zones  []dns.Zone
	sets   map[string]records // by id of the zone
	faults Faults
	log    calls.Log[error]
}

// records are the sets of a zone, by name and type.
type records map[string]map[dns.Type]dns.RecordSet

// New is a server of these zones. Several may have the same name.
func New(zones ...dns.Zone) *Server {
	s := &Server{sets: map[string]records{}}
	for _, zone := range zones {
		s.add(zone)
	}
	return s
}

func (s *Server) add(zone dns.Zone) {
	s.zones = append(s.zones, zone)
	s.sets[zone.ID] = records{}
}

// Fail sets what goes wrong from now on.
func (s *Server) Fail(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
	s.log.Fail(f.Call)
}

// Calls is how many of a kind there were; of all kinds if it is "".
func (s *Server) Calls(call string) int { return s.log.Calls(call) }

// Put is somebody else who makes a record set, or changes it.
func (s *Server) Put(zone dns.Zone, set dns.RecordSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[zone.ID].put(set)
}

// Remove is somebody else who removes a record set.
func (s *Server) Remove(zone dns.Zone, name string, t dns.Type) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sets[zone.ID].remove(name, t)
}

// DropZone is somebody else who removes a zone with all that it holds.
func (s *Server) DropZone(zone dns.Zone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones = slices.DeleteFunc(s.zones, func(z dns.Zone) bool { return z == zone })
	delete(s.sets, zone.ID)
}

// Find is a record set of a zone, past all faults.
func (s *Server) Find(zone dns.Zone, name string, t dns.Type) (dns.RecordSet, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set, ok := s.sets[zone.ID][name][t]
	return clone(set), ok
}

// Dump is all of a zone, in the order of a zone file, one line for each set.
func (s *Server) Dump(zone dns.Zone) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := make([]string, 0, len(s.sets[zone.ID]))
	for _, types := range s.sets[zone.ID] {
		for _, set := range types {
			lines = append(lines, fmt.Sprintf("%s %d %s %s", set.Name, set.TTL, set.Type, strings.Join(set.Values, " ")))
		}
	}
	slices.Sort(lines)
	return lines
}

// Zones lists them.
func (s *Server) Zones(ctx context.Context) ([]dns.Zone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(ctx, CallZones); err != nil {
		return nil, err
	}
	return slices.Clone(s.zones), nil
}

// CreateZone makes one with an id of its own.
func (s *Server) CreateZone(ctx context.Context, name string) (dns.Zone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(ctx, CallCreate); err != nil {
		return dns.Zone{}, err
	}
	zone := dns.Zone{ID: "zone-" + strconv.Itoa(s.log.Calls(CallCreate)), Name: name}
	s.add(zone)
	return zone, nil
}

// Records lists in one call.
func (s *Server) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(ctx, CallRecords); err != nil {
		return nil, err
	}
	all, err := s.zone(zone)
	if err != nil {
		return nil, err
	}
	var sets []dns.RecordSet
	for name, types := range all {
		if !dns.Within(name, under) {
			continue
		}
		for _, set := range types {
			sets = append(sets, clone(set))
		}
	}
	return sets, nil
}

// called counts a call, and fails it if it shall fail.
func (s *Server) called(ctx context.Context, call string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.log.Count(call)
	return s.log.Failure(call)
}

func (s *Server) zone(zone dns.Zone) (records, error) {
	sets, ok := s.sets[zone.ID]
	if !ok {
		return nil, fmt.Errorf("zone %q with id %q: %w", zone.Name, zone.ID, dns.ErrNoZone)
	}
	return sets, nil
}
