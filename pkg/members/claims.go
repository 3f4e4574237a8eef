package members

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"
)

// Claims are what a token says of itself. They are not verified: the member does that.
type Claims struct {
	Subject  string
	IssuedAt time.Time // zero if the token does not say
	Expires  time.Time // zero for never
}

// errNoJWT says nothing of the token itself.
var errNoJWT = errors.New("the token is no JSON Web Token")

// ParseClaims reads the claims of a JSON Web Token. The error shows nothing of the token.
func ParseClaims(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, errNoJWT
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Claims{}, errNoJWT
	}
	var c struct {
		Sub string  `json:"sub"`
		Iat float64 `json:"iat"`
		Exp float64 `json:"exp"`
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return Claims{}, errNoJWT
	}
	return Claims{Subject: c.Sub, IssuedAt: date(c.Iat), Expires: date(c.Exp)}, nil
}

// date reads a NumericDate of RFC 7519: seconds, perhaps with a fraction.
func date(seconds float64) time.Time {
	if seconds <= 0 || seconds > math.MaxInt32*100 { // nothing that a server would say
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// ServiceAccount tells whose token it is; ok is false if it is none of a ServiceAccount's.
func (c Claims) ServiceAccount() (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(c.Subject, "system:serviceaccount:")
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != ""
}

// HalfLife is when half of the token's life is over; zero if it does not say how long it lives.
func (c Claims) HalfLife() time.Time {
	if c.Expires.IsZero() || !c.IssuedAt.Before(c.Expires) || c.IssuedAt.IsZero() {
		return time.Time{}
	}
	return c.IssuedAt.Add(c.Expires.Sub(c.IssuedAt) / 2)
}
