// Package coredns keeps records in the etcd that CoreDNS' etcd plug-in serves zones from, laid out as SkyDNS did.
package coredns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Options say where etcd is, and which zones are kept in it.
type Options struct {
	Endpoints  []string // URLs, all http or all https
	Zones      []string // absolute
	PathPrefix string   // default: skydns

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
	zones  []dns.Zone
	layout layout
	etcd   *etcd
}

var _ dns.Provider = (*Provider)(nil)

// New reads the files. It does not use the network.
func New(o Options) (*Provider, error) {
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.PathPrefix = strings.Trim(o.PathPrefix, "/"); o.PathPrefix == "" {
		o.PathPrefix = "skydns"
	}
	if o.Observe == nil {
		o.Observe = func(string, error) {}
	}
	e, err := newEtcd(o)
	if err != nil {
		return nil, err
	}
	p := &Provider{layout: layout{root: "/" + o.PathPrefix}, etcd: e}
	for _, zone := range o.Zones {
		name := dns.Absolute(zone)
		p.zones = append(p.zones, dns.Zone{ID: name, Name: name})
	}
	return p, nil
}

// Close ends the connection, once calls under way have ended. A later call connects again.
func (p *Provider) Close() error { return p.etcd.close() }

// Zones implements dns.Provider: they are those of the options, for etcd does not know of zones.
func (p *Provider) Zones(context.Context) ([]dns.Zone, error) { return p.zones, nil }

// CreateZone implements dns.Provider. What CoreDNS serves is said in its own configuration.
func (p *Provider) CreateZone(_ context.Context, name string) (dns.Zone, error) {
	return dns.Zone{}, fmt.Errorf("create zone %q: %w by provider coredns: name it in CoreDNS' Corefile and in zones of the provider's configuration",
		name, errors.ErrUnsupported)
}
