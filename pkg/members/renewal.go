package members

import (
	"fmt"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Between tries to renew a token.
const (
	minRenewalPause = time.Minute
	maxRenewalPause = time.Hour
)

// renewal is what became of the tries to renew a token.
type renewal struct {
	underWay bool
	last     time.Time // of the last try, whatever came of it
	token    string    // that failed tries wanted to renew
	failures int       // in a row
	failed   string    // why the last one did
}

// due is when the token is to be renewed; zero for never. That is at half of its life, not sooner than a minute after the last try, and
// later after each failure, but soon enough for some more tries while it lives.
func (r renewal) due(c Credential, now time.Time) time.Time {
	claims, err := ParseClaims(c.Token)
	if err != nil {
		return time.Time{}
	}
	due := claims.HalfLife()
	if _, _, ok := claims.ServiceAccount(); !ok || due.IsZero() {
		return time.Time{}
	}
	if r.last.IsZero() {
		return due
	}
	pause := minRenewalPause
	if r.token == c.Token && r.failures > 1 {
		pause = maxRenewalPause
		if r.failures <= 6 {
			pause = minRenewalPause << (r.failures - 1)
		}
		pause = max(min(pause, claims.Expires.Sub(now)/4), minRenewalPause)
	}
	if next := r.last.Add(pause); next.After(due) {
		return next
	}
	return due
}

// onto returns the state of a valid credential, with the failure to renew it.
func (r renewal) onto(s CredentialState, c Credential) CredentialState {
	if r.failed == "" || r.token != c.Token {
		return s
	}
	s.Reason = fedv1beta1.ReasonRenewalFailed
	s.Message = fmt.Sprintf("the token is valid until %s, but could not be renewed, which will be tried again: %s", s.Expires.UTC().Format(time.RFC3339), r.failed)
	return s
}
