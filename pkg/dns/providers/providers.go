// Package providers makes any of the DNS providers. It links all their clients, so that what needs none should not import it.
package providers

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/coredns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	"github.com/fedhelm/fedhelm/pkg/dns/rfc2136"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// Options are what a configuration does not say.
type Options struct {
	// Dir is the directory of the configuration's file. Files that it names are looked for there unless their names are absolute.
	Dir string
	// Observe is told of every call to the provider, once it is over. It may be nil, and is called by several goroutines.
	Observe func(call string, err error)
}

// New makes the provider of a configuration. It does not use the network: a provider that is down, or that does not accept the credentials, is
// found out by its first call. Providers that hold connections are also io.Closers.
func New(ctx context.Context, c dnsconfig.Config, o Options) (dns.Provider, error) {
	p, err := create(ctx, c, o)
	if err != nil {
		return nil, fmt.Errorf("DNS provider %s: %w", c.Provider, err)
	}
	return p, nil
}

func create(ctx context.Context, c dnsconfig.Config, o Options) (dns.Provider, error) {
	switch {
	case c.CoreDNS != nil:
		return coredns.New(coredns.Options{
			Endpoints:  c.CoreDNS.EtcdEndpoints,
			Zones:      c.CoreDNS.Zones,
			PathPrefix: c.CoreDNS.PathPrefix,
			CAFile:     o.path(c.CoreDNS.CAFile),
			CertFile:   o.path(c.CoreDNS.CertFile),
			KeyFile:    o.path(c.CoreDNS.KeyFile),
			Username:   c.CoreDNS.Username,
			Password:   string(c.CoreDNS.Password),
			Observe:    o.Observe,
		})
	case c.RFC2136 != nil:
		return rfc2136.New(rfc2136.Options{
			Server:        c.RFC2136.Server,
			Transfer:      c.RFC2136.Transfer,
			Zones:         c.RFC2136.Zones,
			TSIGName:      c.RFC2136.TSIGName,
			TSIGSecret:    string(c.RFC2136.TSIGSecret),
			TSIGAlgorithm: c.RFC2136.TSIGAlgorithm,
			Observe:       o.Observe,
		})
	case c.GoogleCloudDNS != nil:
		return googleclouddns.New(ctx, googleclouddns.Options{
			ProjectID:       c.GoogleCloudDNS.ProjectID,
			CredentialsFile: o.path(c.GoogleCloudDNS.CredentialsFile),
			TokenURL:        c.GoogleCloudDNS.TokenURL,
			TokenBody:       string(c.GoogleCloudDNS.TokenBody),
			Observe:         o.Observe,
		})
	case c.AWSRoute53 != nil:
		return route53.New(ctx, route53.Options{
			Region:          c.AWSRoute53.Region,
			Profile:         c.AWSRoute53.Profile,
			RoleARN:         c.AWSRoute53.RoleARN,
			AccessKeyID:     c.AWSRoute53.AccessKeyID,
			SecretAccessKey: string(c.AWSRoute53.SecretAccessKey),
			SessionToken:    string(c.AWSRoute53.SessionToken),
			Endpoint:        c.AWSRoute53.Endpoint,
			Observe:         o.Observe,
		})
	}
	return nil, fmt.Errorf("there is no configuration of provider %q", c.Provider)
}

// path finds a file that a configuration names.
func (o Options) path(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(o.Dir, file)
}
