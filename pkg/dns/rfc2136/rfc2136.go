// Package rfc2136 keeps records on DNS servers that take dynamic updates (RFC 2136) and give zone transfers: BIND, Knot, PowerDNS and others.
package rfc2136

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Options say which server, and who asks.
type Options struct {
	Server   string   // host:port; the zones' primary
	Transfer string   // host:port to ask for zone transfers; default: Server
	Zones    []string // absolute; those that the server does not have are not listed

	TSIGName      string // of the key; "": messages are not signed
	TSIGSecret    string // base64
	TSIGAlgorithm string // default: hmac-sha256

	// Timeout limits each exchange with the server. Default: 15 s.
	Timeout time.Duration
	// Observe is told of every exchange with the server, once it is over. It may be nil.
	Observe func(call string, err error)
}

// Provider is a dns.Provider. It holds no connections.
type Provider struct {
	options Options
}

var _ dns.Provider = (*Provider)(nil)

// New does not use the network.
func New(o Options) (*Provider, error) {
	return &Provider{options: o}, nil
}

// CreateZone implements dns.Provider. There is no such message in the protocol.
func (p *Provider) CreateZone(_ context.Context, name string) (dns.Zone, error) {
	return dns.Zone{}, fmt.Errorf("zone %q: %w by provider rfc2136: add it to the server's configuration", name, errors.ErrUnsupported)
}
