package propagation

import "time"

// outage is a member that is not Ready.
type outage struct {
	member string
	since  time.Time
}

// failover tells which members' replicas are placed elsewhere: those that have been away for longer than the grace, unless more than
// percent of all members, and more than one, were away when their grace was over. held are those whose grace is over, but not that. again
// is when the answer will be another if nothing happens; zero for never.
//
// Nothing but the outages of now counts, so that an instance that has just begun answers as the one before.
func failover(outages []outage, members int, grace time.Duration, percent int, now time.Time) (away, held []string, again time.Time) {
	most := max(members*percent/100, 1)
	for _, o := range outages {
		end := o.since.Add(grace)
		if now.Before(end) {
			if again.IsZero() || end.Before(again) {
				again = end
			}
			continue
		}
		at := 0
		for _, other := range outages {
			if !other.since.After(end) {
				at++
			}
		}
		if at <= most {
			away = append(away, o.member)
		} else {
			held = append(held, o.member)
		}
	}
	return away, held, again
}
