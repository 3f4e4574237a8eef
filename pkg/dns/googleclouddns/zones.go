package googleclouddns

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	clouddns "google.golang.org/api/dns/v1"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// escapes are those of zone files.
const escapes = zonetext.Standard

// errNameTaken says that a managed zone has that name already.
var errNameTaken = errors.New("the name is taken")

// Zones implements dns.Provider. A zone's id is its name as a managed zone. Public and private ones are among them, but none that hold no records:
// those that forward, or show what another project or a service directory has.
func (p *Provider) Zones(ctx context.Context) ([]dns.Zone, error) {
	var zones []dns.Zone
	for token, more := "", true; more; more = token != "" {
		page, err := call(ctx, p, "managedZones.list", func(project string) *clouddns.ManagedZonesListCall {
			return p.api.ManagedZones.List(project).PageToken(token)
		})
		if err != nil {
			return nil, err
		}
		for _, z := range page.ManagedZones {
			if z.ForwardingConfig == nil && z.PeeringConfig == nil && z.ServiceDirectoryConfig == nil {
				zones = append(zones, zoneOf(z))
			}
		}
		token = page.NextPageToken
	}
	return zones, nil
}

// CreateZone implements dns.Provider. The zone is public. If somebody makes it at the same time, that one is it.
func (p *Provider) CreateZone(ctx context.Context, name string) (dns.Zone, error) {
	var err error
	for _, id := range managedNames(name) {
		var made *clouddns.ManagedZone
		made, err = call(ctx, p, "managedZones.create", func(project string) *clouddns.ManagedZonesCreateCall {
			return p.api.ManagedZones.Create(project, &clouddns.ManagedZone{Name: id, DnsName: name, Description: "Made by fedhelm", Visibility: "public"})
		})
		if err == nil {
			return zoneOf(made), nil
		}
		err = fmt.Errorf("create zone %q: %w", name, err)
		if !errors.Is(err, errNameTaken) {
			break
		}
		zones, listing := p.Zones(ctx)
		if listing != nil {
			return dns.Zone{}, errors.Join(err, listing)
		}
		for _, zone := range zones {
			if zone == (dns.Zone{ID: id, Name: name}) {
				return zone, nil
			}
		}
	}
	return dns.Zone{}, err
}

// managedNames are what a zone may be called: letters, digits and hyphens, a letter first, at most 63. Names that become the same are told apart
// by the second.
func managedNames(zone string) [2]string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.TrimSuffix(zone, "."))
	plain = strings.Trim(plain, "-")
	if plain == "" || plain[0] < 'a' {
		plain = "zone-" + plain
	}
	cut := func(length int) string { return strings.TrimRight(plain[:min(len(plain), length)], "-") }
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(zone)) // it never fails
	return [2]string{cut(63), fmt.Sprintf("%s-%08x", cut(54), sum.Sum32())}
}

func zoneOf(z *clouddns.ManagedZone) dns.Zone {
	return dns.Zone{ID: z.Name, Name: escapes.Name(z.DnsName), Private: z.Visibility == "private"}
}
