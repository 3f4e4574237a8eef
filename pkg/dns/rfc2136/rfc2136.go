// Package rfc2136 keeps records on DNS servers that take dynamic updates (RFC 2136) and give zone transfers: BIND, Knot, PowerDNS and others.
package rfc2136

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	mdns "github.com/miekg/dns"

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

	// Timeout limits the waiting for each message. Default: 15 s.
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
	if o.Server == "" {
		return nil, errors.New("no server is given")
	}
	if o.Transfer == "" {
		o.Transfer = o.Server
	}
	if o.TSIGName != "" {
		o.TSIGName = dns.Absolute(o.TSIGName)
		if secret, err := base64.StdEncoding.DecodeString(o.TSIGSecret); err != nil || len(secret) == 0 {
			return nil, fmt.Errorf("the secret of TSIG key %q is not base64", o.TSIGName)
		}
	}
	if o.TSIGAlgorithm == "" {
		o.TSIGAlgorithm = "hmac-sha256"
	}
	o.TSIGAlgorithm = mdns.Fqdn(o.TSIGAlgorithm)
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Observe == nil {
		o.Observe = func(string, error) {}
	}
	return &Provider{options: o}, nil
}

// Zones implements dns.Provider: they are those of the options that the server answers for.
func (p *Provider) Zones(ctx context.Context) ([]dns.Zone, error) {
	var zones []dns.Zone
	for _, zone := range p.options.Zones {
		name := dns.Absolute(zone)
		has, err := p.has(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("look for zone %q: %w", name, err)
		}
		if has {
			zones = append(zones, dns.Zone{ID: name, Name: name})
		}
	}
	return zones, nil
}

// has asks for the zone's SOA. A server that does not have a zone may say so in several ways.
func (p *Provider) has(ctx context.Context, zone string) (bool, error) {
	has := false
	err := p.do(ctx, "SOA", p.options.Server, func(s *session) error {
		query := new(mdns.Msg).SetQuestion(zone, mdns.TypeSOA)
		query.RecursionDesired = false
		if err := s.send(query); err != nil {
			return err
		}
		answer, err := s.receive()
		var refusal *refusedError
		if errors.As(err, &refusal) && (refusal.rcode == mdns.RcodeRefused || refusal.rcode == mdns.RcodeNameError) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, rr := range answer.Answer {
			has = has || answer.Authoritative && rr.Header().Rrtype == mdns.TypeSOA && dns.Absolute(rr.Header().Name) == zone
		}
		return nil
	})
	return has, err
}

// CreateZone implements dns.Provider. There is no such message in the protocol.
func (p *Provider) CreateZone(_ context.Context, name string) (dns.Zone, error) {
	return dns.Zone{}, fmt.Errorf("create zone %q: %w by provider rfc2136: make it in the server's configuration, and name it in zones of the provider's",
		name, errors.ErrUnsupported)
}
