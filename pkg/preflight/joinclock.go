package preflight

import (
	"context"
	"fmt"
	"time"
)

// Clock tells how far another clock is ahead of the one here.
type Clock interface {
	Skew(ctx context.Context) (time.Duration, error)
}

// Tokens and certificates are made by one clock and judged by another. Kubernetes forgives some seconds at most; five minutes are
// more than any cluster of ours works with.
const (
	skewWarning = 30 * time.Second
	skewLimit   = 5 * time.Minute
)

// clocks compares the clocks of host and member with the one here, and with each other.
func (o JoinOptions) clocks(ctx context.Context) error {
	var of [2]struct {
		ahead time.Duration
		known bool
	}
	var errs []error
	for i, side := range []Side{o.Host, o.Member} {
		if side.Clock == nil {
			continue
		}
		ahead, err := side.Clock.Skew(ctx)
		if err != nil {
			errs = append(errs, &Problem{Reason: fmt.Sprintf("the clock of %s cannot be read: %v", side.Server, err), Warning: true})
			continue
		}
		of[i].ahead, of[i].known = ahead, true
	}
	host, member := fmt.Sprintf("host cluster %q", o.Host.Context), fmt.Sprintf("member %q", o.Member.Context)
	if of[0].known {
		errs = append(errs, skewed(host, "this machine", of[0].ahead))
	}
	if of[1].known {
		errs = append(errs, skewed(member, "this machine", of[1].ahead))
	}
	if of[0].known && of[1].known {
		errs = append(errs, skewed(member, host, of[1].ahead-of[0].ahead))
	}
	return merge(errs)
}

func skewed(what, than string, ahead time.Duration) error {
	direction := "ahead of"
	if ahead < 0 {
		direction = "behind"
	}
	if ahead.Abs() <= skewWarning {
		return nil
	}
	return &Problem{
		Reason:  fmt.Sprintf("the clock of %s is %s %s that of %s", what, ahead.Abs().Round(time.Second), direction, than),
		WayOut:  "set it right (NTP): tokens and certificates are good for a time",
		Warning: ahead.Abs() <= skewLimit,
	}
}
