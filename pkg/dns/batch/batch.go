// Package batch makes units with calls that are atomic, and limited in size: as few as can be, each unit wholly in one. When the provider refuses
// a call because of some units, these are found, and the others are made.
package batch

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Size is what units take of a call, or a call can take, by the provider's own measures.
type Size [3]int

// Caller is a provider's way to change a zone.
type Caller struct {
	Limit Size
	Size  func(dns.Unit) Size
	// Call makes all units or, if it returns *RefusedError, none. After other errors it is open whether they were made, but for ErrThrottled and
	// ErrDenied: these say that they were not.
	Call func(ctx context.Context, units []dns.Unit) error
}

// RefusedError is the error of a call that made nothing because of some of its units.
type RefusedError struct {
	Units map[string]error // those at fault, by name, as far as the provider said
	Err   error            // why, for a unit that was alone in its call
}

func (r *RefusedError) Error() string { return r.Err.Error() }

// Unwrap is the reason.
func (r *RefusedError) Unwrap() error { return r.Err }

// maxRefusals is how many calls of an Apply may be refused before the rest of that call's units is given up: when so many are at fault, listing
// the zone anew is cheaper than to find out one by one.
const maxRefusals = 64

// Apply makes the units. Its error is a dns.Provider's.
func (c Caller) Apply(ctx context.Context, units []dns.Unit) error {
	a := applying{failed: map[string]error{}}
	made := false
	for queue := a.split(c, units); len(queue) > 0; {
		batch := queue[0]
		queue = queue[1:]
		err := c.Call(ctx, batch)
		var refused *RefusedError
		switch {
		case err == nil:
			made = true
		case errors.As(err, &refused):
			queue = append(a.refused(batch, refused), queue...)
		case made && (errors.Is(err, dns.ErrThrottled) || errors.Is(err, dns.ErrDenied)):
			// What was made is known, so that the zone needs no listing: that would take more calls.
			for _, batch := range append(queue, batch) {
				a.fail(batch, err)
			}
			queue = nil
		default:
			return err
		}
	}
	if len(a.failed) > 0 {
		return &dns.UnitErrors{Failed: a.failed}
	}
	return nil
}

// applying is an Apply.
type applying struct {
	failed   map[string]error
	refusals int
}

// split makes batches that fit into calls, in the order of the units. Units that never will fail.
func (a *applying) split(c Caller, units []dns.Unit) [][]dns.Unit {
	var batches [][]dns.Unit
	var sum Size
	start := 0
	for i, u := range units {
		size := c.Size(u)
		switch {
		case valueless(u) != nil:
			size = never
			set := valueless(u)
			a.failed[u.Name] = fmt.Errorf("%w: %s %s is of the provider's own kind, such as an alias; remove it there", dns.ErrRejected, set.Name, set.Type)
		case !size.fits(c.Limit):
			a.failed[u.Name] = fmt.Errorf("%w: its records are too many or too long for one change", dns.ErrRejected)
		case sum.plus(size).fits(c.Limit):
			sum = sum.plus(size)
			continue
		}
		if i > start {
			batches = append(batches, units[start:i])
		}
		if start, sum = i, size; !size.fits(c.Limit) {
			start, sum = i+1, Size{} // it is left out
		}
	}
	if start < len(units) {
		batches = append(batches, units[start:])
	}
	return batches
}

// never is the size of units that are not to be made.
var never = Size{math.MaxInt}

// valueless is a record set of a unit that says that there is something at the provider which cannot be said in values.
func valueless(u dns.Unit) *dns.RecordSet {
	for _, c := range u.Changes {
		if c.Before != nil && len(c.Before.Values) == 0 {
			return c.Before
		}
	}
	return nil
}

func (s Size) plus(o Size) Size {
	for i := range s {
		s[i] += o[i]
	}
	return s
}

func (s Size) fits(limit Size) bool {
	for i := range s {
		if s[i] > limit[i] {
			return false
		}
	}
	return true
}

// refused fails the units at fault as far as they are known, and says what to try instead of the batch.
func (a *applying) refused(batch []dns.Unit, why *RefusedError) [][]dns.Unit {
	a.refusals++
	if len(batch) == 1 {
		a.fail(batch, why.Err)
		return nil
	}
	rest := make([]dns.Unit, 0, len(batch))
	for _, u := range batch {
		if err, named := why.Units[u.Name]; named {
			a.failed[u.Name] = err
		} else {
			rest = append(rest, u)
		}
	}
	switch half := len(rest) / 2; {
	case len(rest) == 0:
		return nil
	case a.refusals >= maxRefusals:
		a.fail(rest, fmt.Errorf("%w: too many others of this change were refused", dns.ErrStale))
		return nil
	case len(rest) < len(batch):
		return [][]dns.Unit{rest}
	default:
		return [][]dns.Unit{rest[:half], rest[half:]}
	}
}

func (a *applying) fail(units []dns.Unit, err error) {
	for _, u := range units {
		a.failed[u.Name] = err
	}
}
