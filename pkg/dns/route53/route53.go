// Package route53 keeps records in Amazon Route 53.
package route53

import (
	"context"
	"errors"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Options say whose zones they are.
type Options struct {
	// Region is where calls are signed for. Without it, that of the profile or the machine, and us-east-1 where there is none. It matters in
	// partitions such as China's.
	Region string
	// Profile is one of the shared configuration files.
	Profile string
	// RoleARN is a role to take on by means of the credentials.
	RoleARN string
	// AccessKeyID, SecretAccessKey and SessionToken are credentials. Without them they are looked for where AWS' tools do: environment, shared
	// configuration files, the pod's web identity, the machine.
	AccessKeyID, SecretAccessKey, SessionToken string
	// Endpoint is where the API is, STSEndpoint where that is which gives roles their credentials. Without them, Amazon's.
	Endpoint, STSEndpoint string
	// Observe is told of every call to the API, once it is over. It may be nil.
	Observe func(call string, err error)
}

// Provider is a dns.Provider. It connects with its first call.
type Provider struct {
	options Options
}

var _ dns.Provider = (*Provider)(nil)

// New checks the options. It does not use the network.
func New(_ context.Context, o Options) (*Provider, error) {
	return &Provider{options: o}, nil
}

// Zones implements dns.Provider.
func (p *Provider) Zones(context.Context) ([]dns.Zone, error) { return nil, errors.ErrUnsupported }

// CreateZone implements dns.Provider.
func (p *Provider) CreateZone(context.Context, string) (dns.Zone, error) {
	return dns.Zone{}, errors.ErrUnsupported
}

// Records implements dns.Provider.
func (p *Provider) Records(context.Context, dns.Zone, string) ([]dns.RecordSet, error) {
	return nil, errors.ErrUnsupported
}

// Apply implements dns.Provider.
func (p *Provider) Apply(context.Context, dns.Zone, []dns.Unit) error { return errors.ErrUnsupported }
