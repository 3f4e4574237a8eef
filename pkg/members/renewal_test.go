package members

import (
	"testing"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestRenewalIsDue(t *testing.T) {
	day := Credential{Token: jwt(account, noon, 24*time.Hour)}
	short := Credential{Token: jwt(account, noon, 20*time.Second)}
	half := noon.Add(12 * time.Hour)
	tests := []struct {
		name       string
		credential Credential
		renewal    renewal
		now        time.Time
		want       time.Time // zero for never
	}{
		{name: "at half of its life", credential: day, now: noon, want: half},
		{name: "however short that is", credential: short, now: noon, want: noon.Add(10 * time.Second)},
		{name: "never for a token without an end", credential: Credential{Token: jwt(account, noon, 0)}, now: noon},
		{name: "never for a token that is no ServiceAccount's", credential: Credential{Token: jwt("frodo", noon, time.Hour)}, now: noon},
		{name: "never for a token that says nothing of itself", credential: Credential{Token: "opaque"}, now: noon},
		{name: "never for a client certificate", credential: Credential{ClientCert: []byte("pem")}, now: noon},
		{name: "not within a minute of the last try", credential: short, renewal: renewal{last: noon}, now: noon, want: noon.Add(time.Minute)},
		{name: "a minute after the first failure", credential: day, renewal: renewal{last: half, token: day.Token, failures: 1}, now: half, want: half.Add(time.Minute)},
		{name: "later after each one", credential: day, renewal: renewal{last: half, token: day.Token, failures: 4}, now: half, want: half.Add(8 * time.Minute)},
		{name: "at most an hour later", credential: day, renewal: renewal{last: half, token: day.Token, failures: 100}, now: half, want: half.Add(time.Hour)},
		{
			name: "sooner when little of its life is left", credential: day, renewal: renewal{last: noon.Add(23 * time.Hour), token: day.Token, failures: 100},
			now: noon.Add(23 * time.Hour), want: noon.Add(23*time.Hour + 15*time.Minute),
		},
		{
			name: "failures with another token do not count", credential: day, renewal: renewal{last: half, token: "other", failures: 100},
			now: half, want: half.Add(time.Minute),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.renewal.due(tt.credential, tt.now); !got.Equal(tt.want) {
				t.Errorf("due at %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRenewalFailureIsTold(t *testing.T) {
	valid := CredentialState{Reason: fedv1beta1.ReasonCredentialValid, Expires: noon}
	failed := renewal{token: "old", failed: "it may not"}
	if got := failed.onto(valid, Credential{Token: "old"}); got.Reason != fedv1beta1.ReasonRenewalFailed || !got.Usable() {
		t.Errorf("of the token that could not be renewed it is told %+v", got)
	}
	if got := failed.onto(valid, Credential{Token: "new"}); got != valid {
		t.Errorf("of another token it is told %+v, want %+v", got, valid)
	}
}
