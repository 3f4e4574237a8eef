// Package coredns keeps records in the etcd that CoreDNS' etcd plug-in serves zones from, laid out as SkyDNS did.
package coredns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Options say where etcd is, and which zones are kept in it.
type Options struct {
	Endpoints  []string // URLs
	Zones      []string // absolute
	PathPrefix string   // without slashes around it; default: skydns

	// Files of certificates, PEM. They are read again when they change.
	CAFile, CertFile, KeyFile string

	Username, Password string // "": none

	// Timeout limits each call to etcd. Default: 15 s.
	Timeout time.Duration
	// Observe is told of every call to etcd, once it is over. It may be nil.
	Observe func(call string, err error)
}

// Provider is a dns.Provider. It connects with its first call, and holds the connection until Close.
type Provider struct {
	options Options
}

var _ dns.Provider = (*Provider)(nil)

// New reads the files. It does not use the network.
func New(o Options) (*Provider, error) {
	return &Provider{options: o}, nil
}

// Zones implements dns.Provider: they are those of the options, for etcd does not know of zones.
func (p *Provider) Zones(context.Context) ([]dns.Zone, error) {
	zones := make([]dns.Zone, 0, len(p.options.Zones))
	for _, zone := range p.options.Zones {
		name := dns.Absolute(zone)
		zones = append(zones, dns.Zone{ID: name, Name: name})
	}
	return zones, nil
}

// CreateZone implements dns.Provider. What CoreDNS serves is said in its own configuration.
func (p *Provider) CreateZone(_ context.Context, name string) (dns.Zone, error) {
	return dns.Zone{}, fmt.Errorf("zone %q: %w by provider coredns: add it to CoreDNS' Corefile and to zones in the provider's configuration", name, errors.ErrUnsupported)
}
