package dns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Provider is who serves zones. Its methods can be called at the same time. Errors wrap ErrDenied where the credentials do not suffice, and
// ErrThrottled where less is to be asked; others are passing failures.
type Provider interface {
	// Zones lists all zones that there are for these credentials.
	Zones(ctx context.Context) ([]Zone, error)
	// CreateZone makes one; its name is absolute. Providers that cannot return errors.ErrUnsupported.
	CreateZone(ctx context.Context, name string) (Zone, error)
	// Records lists the record sets of all types at name under, an absolute name in the zone, and below it, in any order.
	Records(ctx context.Context, zone Zone, under string) ([]RecordSet, error)
	// Apply makes the changes, with as few calls as it can. A unit is made wholly or not at all where the server can do that, and only if what
	// is there is what it says to be there before. Units that fail do not hold up others: the error is then *UnitErrors. After any other
	// error it is open which units were made.
	Apply(ctx context.Context, zone Zone, units []Unit) error
}

// Errors of providers.
var (
	// ErrStale says that something else is there than a unit said.
	ErrStale = errors.New("the records have been changed meanwhile")
	// ErrDenied says that the provider does not accept the credentials, or that they do not allow what was asked for.
	ErrDenied = errors.New("the DNS provider denied it")
	// ErrThrottled says that the provider wants to be asked less.
	ErrThrottled = errors.New("the DNS provider wants to be asked less often")
	// ErrRejected says that the provider will not accept this change however often it is tried.
	ErrRejected = errors.New("the DNS provider does not accept it")
)

// Throttled is an ErrThrottled that says for how long.
type Throttled struct { //nolint:errname // it is read as dns.Throttled
	After time.Duration // zero: it was not said
	Err   error
}

func (t *Throttled) Error() string { return fmt.Sprintf("%v: %v", ErrThrottled, t.Err) }

// Unwrap makes it an ErrThrottled.
func (t *Throttled) Unwrap() []error { return []error{ErrThrottled, t.Err} }

// UnitErrors says which units were not made. All others were.
type UnitErrors struct { //nolint:errname // they are several
	Failed map[string]error // by name of the unit
}

// Error names the first three.
func (u *UnitErrors) Error() string {
	names := make([]string, 0, len(u.Failed))
	for name := range u.Failed {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for i, name := range names {
		if i == 3 {
			fmt.Fprintf(&b, "; and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %v", name, u.Failed[name])
	}
	return b.String()
}

// Unwrap gives the causes.
func (u *UnitErrors) Unwrap() []error {
	errs := make([]error, 0, len(u.Failed))
	for _, err := range u.Failed {
		errs = append(errs, err)
	}
	return errs
}
