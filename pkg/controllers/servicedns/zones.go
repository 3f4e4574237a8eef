package servicedns

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

// zone is one that names are kept in.
type zone struct {
	Zone
	name   string // of its DNSZone
	keeper *keeper.Keeper
	news   chan struct{} // its status may be another
}

// newZones makes what keeps the zones, which does not work yet.
func (c *Controller) newZones(uid types.UID) []*zone {
	zones := make([]*zone, len(c.o.Zones))
	for i, o := range c.o.Zones {
		z := &zone{Zone: o, name: objectName(c.o.Zones, i), news: make(chan struct{}, 1)}
		z.keeper = keeper.New(keeper.Options{
			Provider: o.Provider,
			Open: func(ctx context.Context) (dns.Provider, error) {
				return o.Open(ctx, c.metrics.Observe(o.Provider, o.Name))
			},
			ZoneName: o.Name, ZoneID: o.ID, CreateZone: o.Create, Except: below(c.o.Zones, i),
			Owner:            dns.Owner{Federation: c.o.Federation, UID: string(uid), Adopt: c.o.AdoptUIDs},
			UnsourcedPercent: c.o.UnsourcedPercent, Resync: c.o.Resync, Metrics: c.metrics,
			Changed: func(service string) { c.kept(z, service) },
		})
		zones[i] = z
	}
	return zones
}

// objectName is the name of a zone's DNSZone: that of the zone, with the provider before it when others are called alike.
func objectName(zones []Zone, i int) string {
	name := strings.TrimSuffix(zones[i].Name, ".")
	for j := range zones {
		if j != i && zones[j].Name == zones[i].Name {
			return zones[i].Provider + "." + name
		}
	}
	return name
}

// below are the other zones that lie in one, whose names are kept apart.
func below(zones []Zone, i int) []string {
	var all []string
	for j := range zones {
		if zones[j].Name != zones[i].Name && dns.Within(zones[j].Name, zones[i].Name) {
			all = append(all, zones[j].Name)
		}
	}
	return all
}

func (z *zone) naming(federation string) dns.Naming {
	return dns.Naming{Federation: federation, Suffix: z.Suffix}
}

// kept is told by a keeper of a Service, or, by "", of its zone.
func (c *Controller) kept(z *zone, service string) {
	if service == "" {
		select {
		case z.news <- struct{}{}:
		default:
		}
		return
	}
	if namespace, name, ok := strings.Cut(service, "/"); ok {
		key := types.NamespacedName{Namespace: namespace, Name: name}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.published[key] != nil {
			c.look(key)
		}
	}
}
