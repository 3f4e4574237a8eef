// Package failover tells members that are really away from many that seem to be: then it is more likely that something is wrong here.
package failover

import "time"

// Outage is a member that is not Ready.
type Outage struct {
	Member string
	Since  time.Time
}

// Judge tells which members count as away: those that have been so for longer than the grace, unless more than percent of all members, and
// more than one, were away when their grace was over. held are those whose grace is over, but not that. again is when the answer will be
// another if nothing happens; zero for never.
//
// Nothing but the outages of now counts, so that an instance that has just begun answers as the one before.
func Judge(outages []Outage, members int, grace time.Duration, percent int, now time.Time) (away, held []string, again time.Time) {
	most := max(members*percent/100, 1)
	for _, o := range outages {
		end := o.Since.Add(grace)
		if now.Before(end) {
			if again.IsZero() || end.Before(again) {
				again = end
			}
			continue
		}
		at := 0
		for _, other := range outages {
			if !other.Since.After(end) {
				at++
			}
		}
		if at <= most {
			away = append(away, o.Member)
		} else {
			held = append(held, o.Member)
		}
	}
	return away, held, again
}
