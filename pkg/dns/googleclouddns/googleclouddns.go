// Package googleclouddns keeps records in Google Cloud DNS. Its credentials need role roles/dns.admin in the project, or a role with the
// permissions dns.managedZones.list, dns.resourceRecordSets.{list,create,delete,update} and dns.changes.create, and dns.managedZones.create if
// zones shall be made.
package googleclouddns

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	clouddns "google.golang.org/api/dns/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
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

// callTimeout is how long an answer may take.
const callTimeout = 30 * time.Second

// Provider is a dns.Provider. It looks for its credentials with its first call.
type Provider struct {
	options Options
	api     *clouddns.Service

	identifying sync.Mutex
	identity    *identity // nil until there is one

	memory zonetext.Memory
}

var _ dns.Provider = (*Provider)(nil)

// New checks the options. It does not use the network.
func New(ctx context.Context, o Options) (*Provider, error) {
	var errs []error
	if o.CredentialsFile != "" && len(o.CredentialsJSON) > 0 {
		errs = append(errs, errors.New("credentials are given twice: as a file, and as they are"))
	}
	if len(o.CredentialsJSON) > 0 {
		_, err := parseCredentials(o.CredentialsJSON, o.scopes())
		errs = append(errs, err)
	}
	if o.TokenURL == "" && o.TokenBody != "" {
		errs = append(errs, errors.New("token-body is given without token-url"))
	}
	if u, err := url.Parse(o.TokenURL); o.TokenURL != "" && (err != nil || u.Host == "") {
		errs = append(errs, errors.New("token-url is no URL such as https://tokens.example.com/token"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	// The token is put into each call, so that to get one can fail in its own way.
	clientOptions := []option.ClientOption{option.WithHTTPClient(&http.Client{Timeout: callTimeout})}
	if o.Endpoint != "" {
		clientOptions = append(clientOptions, option.WithEndpoint(o.Endpoint))
	}
	api, err := clouddns.NewService(ctx, clientOptions...)
	if err != nil {
		return nil, fmt.Errorf("client of Google Cloud DNS: %w", err)
	}
	api.UserAgent = "fedhelm"
	return &Provider{options: o, api: api}, nil
}

// prepared is one of the API's calls.
type prepared[C, Out any] interface {
	Context(ctx context.Context) C
	Header() http.Header
	Do(opts ...googleapi.CallOption) (*Out, error)
}

// call makes one, which is prepared for a project.
func call[C prepared[C, Out], Out any](ctx context.Context, p *Provider, name string, prepare func(project string) C) (*Out, error) {
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	project, token, err := p.identify(limited)
	if err != nil {
		return nil, toldIdentity(ctx, err)
	}
	c := prepare(project).Context(limited)
	c.Header().Set("Authorization", "Bearer "+token)
	out, err := c.Do()
	err = told(ctx, name, err)
	if p.options.Observe != nil {
		p.options.Observe(name, err)
	}
	return out, err
}
