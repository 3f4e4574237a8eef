package members

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestParseClaims(t *testing.T) {
	tests := []struct {
		name    string
		token   string
		want    Claims
		account bool
		half    time.Time
	}{
		{
			name: "a token of a ServiceAccount", token: jwt(account, noon, 2*time.Hour), account: true,
			want: Claims{Subject: account, IssuedAt: noon, Expires: noon.Add(2 * time.Hour)}, half: noon.Add(time.Hour),
		},
		{name: "one without an end", token: jwt(account, noon, 0), account: true, want: Claims{Subject: account, IssuedAt: noon}},
		{
			name: "one of a person", token: jwt("frodo", noon, time.Hour),
			want: Claims{Subject: "frodo", IssuedAt: noon, Expires: noon.Add(time.Hour)}, half: noon.Add(30 * time.Minute),
		},
		{name: "a ServiceAccount without a name is none", token: jwt("system:serviceaccount:x:", noon, 0), want: Claims{Subject: "system:serviceaccount:x:", IssuedAt: noon}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseClaims(tt.token)
			if err != nil || got != tt.want {
				t.Fatalf("ParseClaims = %+v, %v, want %+v", got, err, tt.want)
			}
			if _, _, ok := got.ServiceAccount(); ok != tt.account {
				t.Errorf("of a ServiceAccount: %t, want %t", ok, tt.account)
			}
			if half := got.HalfLife(); !half.Equal(tt.half) {
				t.Errorf("half of its life is over at %s, want %s", half, tt.half)
			}
		})
	}
}

func TestParseClaimsOfWhatIsNoToken(t *testing.T) {
	for _, token := range []string{"", "s3cret", "s3cret.s3cret", "a.s3cret!.c", "a.czNjcmV0.c", "a.b.c.d"} {
		_, err := ParseClaims(token)
		if err == nil {
			t.Errorf("%q has claims", token)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}
