package cluster

import "time"

// firstPause is how soon a member that was never found well is asked again.
const firstPause = 500 * time.Millisecond

// pause is how long to wait for the next probe after some failures in a row: the period, but less at first for a credential or an
// address that has not been found good yet, because somebody is waiting to see whether it is.
func pause(failures int, settled bool, period time.Duration) time.Duration {
	if settled || failures == 0 || failures > 16 {
		return period
	}
	return min(firstPause<<(failures-1), period)
}
