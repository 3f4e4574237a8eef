package route53

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// escapes are Amazon's.
const escapes = zonetext.Octal

// Zones implements dns.Provider. Public and private ones are among them, with their own ids.
func (p *Provider) Zones(ctx context.Context) ([]dns.Zone, error) {
	var zones []dns.Zone
	err := p.eachZone(ctx, func(z types.HostedZone) { zones = append(zones, zoneOf(z)) })
	return zones, err
}

func (p *Provider) eachZone(ctx context.Context, visit func(types.HostedZone)) error {
	in := &route53.ListHostedZonesInput{}
	for {
		page, err := call(ctx, p, "ListHostedZones", (*route53.Client).ListHostedZones, in)
		if err != nil {
			return err
		}
		for _, z := range page.HostedZones {
			visit(z)
		}
		if !page.IsTruncated {
			return nil
		}
		in.Marker = page.NextMarker
	}
}

// CreateZone implements dns.Provider. The zone is public. Called again after an answer that was lost, it does not make a second one.
func (p *Provider) CreateZone(ctx context.Context, name string) (dns.Zone, error) {
	reference := "fedhelm/" + name + "/" + p.reference
	made, err := call(ctx, p, "CreateHostedZone", (*route53.Client).CreateHostedZone, &route53.CreateHostedZoneInput{
		Name: aws.String(name), CallerReference: aws.String(reference), HostedZoneConfig: &types.HostedZoneConfig{Comment: aws.String("Made by fedhelm")},
	})
	if err == nil {
		return zoneOf(*made.HostedZone), nil
	}
	err = fmt.Errorf("create zone %q: %w", name, err)
	if !errors.Is(err, errZoneMade) {
		return dns.Zone{}, err
	}
	var found *dns.Zone
	listing := p.eachZone(ctx, func(z types.HostedZone) {
		if aws.ToString(z.CallerReference) == reference {
			zone := zoneOf(z)
			found = &zone
		}
	})
	if listing != nil || found == nil {
		return dns.Zone{}, errors.Join(err, listing)
	}
	return *found, nil
}

func zoneOf(z types.HostedZone) dns.Zone {
	return dns.Zone{
		ID: dns.PlainID(aws.ToString(z.Id)), Name: escapes.Name(aws.ToString(z.Name)), Private: z.Config != nil && z.Config.PrivateZone,
	}
}
