package keeper

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Reason is how it stands with a zone, as condition Ready of its DNSZone says it.
type Reason string

// Reasons.
const (
	Starting      Reason = "Starting" // nothing is known yet
	Synced        Reason = "Synced"
	ZoneNotFound  Reason = "ZoneNotFound"
	ZoneAmbiguous Reason = "ZoneAmbiguous"
	ConfigInvalid Reason = "ConfigInvalid"
	Denied        Reason = "Denied"
	Unreachable   Reason = "Unreachable"
	Throttled     Reason = "Throttled"
	Failing       Reason = "Failing"
)

// Status is how it stands with the zone.
type Status struct {
	Zone     dns.Zone // zero until it has been found
	Reason   Reason   // it is ready if Synced
	Message  string
	Names    int // that are the federation's
	Records  int // of theirs, without marks
	Pending  int // names of Services that are not Settled
	LastSync time.Time
	// Held are Services that have names, and that nobody wants or has seen deleted, and that are too many to go: sorted.
	Held []string
}

// ServiceStatus is how it stands with a Service in the zone.
type ServiceStatus struct {
	// Settled: the zone has what is wanted, but for Conflicts and Rejected. Also true of Services that never were wanted.
	Settled   bool
	Conflicts []dns.Conflict
	Rejected  []Rejection // sorted by name
	// Err is why it is not Settled, if it has been tried.
	Err error
}

// Rejection is a name that the provider will not take.
type Rejection struct {
	Name string
	Err  error
}

// Status is how it stands now.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.statusLocked()
}

func (k *Keeper) statusLocked() Status {
	s := k.status
	s.Pending, s.Held = k.pending, slices.Sorted(maps.Keys(k.held))
	err := k.err
	if err == nil {
		err = k.failingErr()
	}
	switch {
	case err != nil:
		s.Reason, s.Message = reasonOf(err), err.Error()
	case s.LastSync.IsZero():
		s.Reason, s.Message = Starting, "the zone has not been listed yet"
	default:
		s.Reason, s.Message = Synced, fmt.Sprintf("%d names with %d records", s.Names, s.Records)
	}
	return s
}

// Service is how it stands with one, NAMESPACE/NAME.
func (k *Keeper) Service(id string) ServiceStatus {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.statusOf(id)
}

func (k *Keeper) statusOf(id string) ServiceStatus {
	service, ok := k.services[id]
	if !ok {
		return ServiceStatus{Settled: true}
	}
	s := ServiceStatus{Settled: service.settled(), Conflicts: slices.Clone(service.conflicts)}
	for _, name := range slices.Sorted(maps.Keys(service.failed)) {
		if err := service.failed[name]; errors.Is(err, dns.ErrRejected) {
			s.Rejected = append(s.Rejected, Rejection{Name: name, Err: err})
		} else if s.Err == nil {
			s.Err = fmt.Errorf("%s: %w", name, err)
		}
	}
	if !s.Settled && k.err != nil {
		s.Err = k.err
	}
	return s
}

// failingErr is the failure of a Service's unit that is first by name, if it is one that the whole zone is to be told failing for.
func (k *Keeper) failingErr() error {
	for _, id := range slices.Sorted(maps.Keys(k.failing)) {
		if s := k.statusOf(id); s.Err != nil && !errors.Is(s.Err, dns.ErrStale) {
			return s.Err
		}
	}
	return nil
}

// configError is what Open answers.
type configError struct{ err error }

func (c *configError) Error() string { return c.err.Error() }
func (c *configError) Unwrap() error { return c.err }

func reasonOf(err error) Reason {
	var config *configError
	switch {
	case errors.As(err, &config):
		return ConfigInvalid
	case errors.Is(err, dns.ErrNoZone):
		return ZoneNotFound
	case errors.Is(err, dns.ErrAmbiguousZone):
		return ZoneAmbiguous
	case errors.Is(err, dns.ErrDenied):
		return Denied
	case errors.Is(err, dns.ErrThrottled):
		return Throttled
	case unreachable(err):
		return Unreachable
	default:
		return Failing
	}
}

// same tells whether there is nothing new to tell of a Service.
func (s ServiceStatus) same(other ServiceStatus) bool {
	return s.Settled == other.Settled && slices.Equal(s.Conflicts, other.Conflicts) && s.text() == other.text()
}

func (s ServiceStatus) text() string {
	var b strings.Builder
	for _, r := range s.Rejected {
		fmt.Fprintf(&b, "%s: %v\n", r.Name, r.Err)
	}
	if s.Err != nil {
		b.WriteString(s.Err.Error())
	}
	return b.String()
}
