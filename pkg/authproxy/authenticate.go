package authproxy

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// errUnauthorized is returned for credentials that are there and wrong.
var errUnauthorized = errors.New("the credentials are not valid")

// tooManyError is returned, before credentials are looked at, to who was wrong too often.
type tooManyError struct{ retryAfter time.Duration }

func (e tooManyError) Error() string {
	return fmt.Sprintf("too many wrong passwords; try again in %s", e.retryAfter.Round(time.Second))
}

// authenticate returns who makes the request, or nil if that is for the API server
// to find out. As in kube-apiserver a client certificate counts before a password,
// and one that is not valid is no hindrance to other credentials.
func (p *Proxy) authenticate(r *http.Request) (*identity, error) {
	if len(r.Header["Authorization"]) > 1 {
		return nil, fmt.Errorf("%w: more than one Authorization header", errUnauthorized)
	}
	id, certErr := p.clients.identify(r.TLS)
	if id != nil {
		return id, nil
	}
	credentials := strings.Fields(r.Header.Get("Authorization"))
	switch {
	case len(credentials) > 0 && strings.EqualFold(credentials[0], "Basic"):
		// It never gets past us: the API server would take it for no credentials at all.
		name, password, ok := r.BasicAuth()
		if !ok {
			return nil, fmt.Errorf("%w: the Authorization header cannot be read", errUnauthorized)
		}
		return p.basic.verify(r.Context(), source(r), name, password)
	case len(credentials) == 0 && certErr != nil:
		return nil, certErr
	}
	return nil, nil
}

// turnAway answers in the form that clients of Kubernetes show to their users.
func (p *Proxy) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	var tooMany tooManyError
	switch {
	case errors.As(err, &tooMany):
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(tooMany.retryAfter.Seconds()))))
		refuse(w, http.StatusTooManyRequests, "TooManyRequests", err.Error())
	case errors.Is(err, errUnauthorized):
		// Neither name nor password: people type one for the other.
		p.log.Warn("Request refused", "source", source(r), "reason", err)
		w.Header().Set("WWW-Authenticate", `Basic realm="federation", charset="UTF-8"`)
		refuse(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
	default:
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", err.Error())
	}
}

// source is what wrong passwords are counted for: an IPv4 address, or the IPv6
// network that one customer usually has.
func source(r *http.Request) netip.Prefix {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip := addr.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
