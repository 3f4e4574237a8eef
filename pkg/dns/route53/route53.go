// Package route53 keeps records in Amazon Route 53. Its credentials need the actions route53:ListHostedZones, ListResourceRecordSets and
// ChangeResourceRecordSets, and CreateHostedZone if zones shall be made.
package route53

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"golang.org/x/time/rate"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
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
	// CallsPerSecond is how many there are at most. Zero is 4: Amazon allows an account 5 altogether.
	CallsPerSecond float64
	// Observe is told of every call to the API, once it is over. It may be nil.
	Observe func(call string, err error)
}

// callTimeout is how long an answer may take. Tests take less.
var callTimeout = 30 * time.Second

// Provider is a dns.Provider. It connects with its first call.
type Provider struct {
	options   Options
	pace      *rate.Limiter
	reference string // of this process: its requests for new zones

	connecting  sync.Mutex
	credentials aws.CredentialsProvider
	api         *route53.Client // nil until there is one

	changing sync.Mutex // changes that come while one is under way are refused
	memory   zonetext.Memory
}

var _ dns.Provider = (*Provider)(nil)

// New checks the options. It does not use the network.
func New(_ context.Context, o Options) (*Provider, error) {
	if (o.AccessKeyID == "") != (o.SecretAccessKey == "") || o.AccessKeyID == "" && o.SessionToken != "" {
		return nil, errors.New("access-key-id and secret-access-key must be given together, and session-token only with them")
	}
	if o.CallsPerSecond == 0 {
		o.CallsPerSecond = 4
	}
	return &Provider{options: o, pace: rate.NewLimiter(rate.Limit(o.CallsPerSecond), 4), reference: rand.Text()}, nil
}

// call makes one call of the API. What is done with it is told in errors.
func call[In, Out any](ctx context.Context, p *Provider, name string, method func(*route53.Client, context.Context, *In, ...func(*route53.Options)) (*Out, error), in *In) (*Out, error) {
	api, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.pace.Wait(ctx); err != nil {
		return nil, paceError(ctx, err)
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := method(api, limited, in)
	err = told(ctx, name, err)
	if p.options.Observe != nil {
		p.options.Observe(name, err)
	}
	return out, err
}

// paceError is why it was not waited for the next call. The limiter says so early if a deadline would pass; that is a deadline like any other.
func paceError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
}
