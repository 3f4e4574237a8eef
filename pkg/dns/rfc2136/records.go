package rfc2136

import (
	"context"
	"errors"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Records implements dns.Provider.
func (p *Provider) Records(context.Context, dns.Zone, string) ([]dns.RecordSet, error) {
	return nil, errors.ErrUnsupported
}

// Apply implements dns.Provider.
func (p *Provider) Apply(context.Context, dns.Zone, []dns.Unit) error { return errors.ErrUnsupported }

// Zones implements dns.Provider.
func (p *Provider) Zones(context.Context) ([]dns.Zone, error) { return nil, errors.ErrUnsupported }
