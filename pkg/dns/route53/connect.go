package route53

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// fallbackRegion is where calls are signed for in the partition that most use, where nothing says another.
const fallbackRegion = "us-east-1"

// sessionName is what takes on a role, as the account's audit trail shows it.
const sessionName = "fedhelm"

// connect makes the client, once it can, and sees that it has credentials.
func (p *Provider) connect(ctx context.Context) (*route53.Client, error) {
	p.connecting.Lock()
	defer p.connecting.Unlock()
	if p.api == nil {
		if err := p.configure(ctx); err != nil {
			return nil, err
		}
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := p.credentials.Retrieve(limited); err != nil {
		return nil, toldCredentials(ctx, err)
	}
	return p.api, nil
}

// configure finds region and credentials. What a file of AWS' own has wrong is told as it is: such errors name the file and the setting.
func (p *Provider) configure(ctx context.Context) error {
	o := p.options
	loading := []func(*config.LoadOptions) error{
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		// A request for credentials outlives the contexts of those who wait for it, so that it needs an end of its own.
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(callTimeout)),
	}
	if o.Region != "" {
		loading = append(loading, config.WithRegion(o.Region))
	} else {
		loading = append(loading, config.WithDefaultRegion(fallbackRegion))
	}
	if o.Profile != "" {
		loading = append(loading, config.WithSharedConfigProfile(o.Profile))
	}
	if o.AccessKeyID != "" {
		loading = append(loading, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.AccessKeyID, o.SecretAccessKey, o.SessionToken)))
	}
	loaded, err := config.LoadDefaultConfig(ctx, loading...)
	if err != nil {
		return fmt.Errorf("%w: configuration of AWS: %w", dns.ErrDenied, err)
	}
	loaded.Region = cmp.Or(loaded.Region, fallbackRegion)
	if o.RoleARN != "" {
		service := sts.NewFromConfig(loaded, func(s *sts.Options) { s.BaseEndpoint = endpoint(o.STSEndpoint, s.BaseEndpoint) })
		loaded.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(service, o.RoleARN, func(r *stscreds.AssumeRoleOptions) { r.RoleSessionName = sessionName }))
	}
	p.credentials = loaded.Credentials
	p.api = route53.NewFromConfig(loaded, func(r *route53.Options) { r.BaseEndpoint = endpoint(o.Endpoint, r.BaseEndpoint) })
	return nil
}

func endpoint(configured string, otherwise *string) *string {
	if configured == "" {
		return otherwise
	}
	return &configured
}
