package servicedns

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

// zone is one that names are kept in.
type zone struct {
	Zone
	name   string // of its DNSZone
	naming dns.Naming
	keeper *keeper.Keeper
	news   chan struct{} // its status may be another
}

// newZones makes what keeps the zones, which does not work yet.
func (c *Controller) newZones(uid types.UID) []*zone {
	zones, names := make([]*zone, len(c.o.Zones)), objectNames(c.o.Zones)
	suffixes := make([]string, len(c.o.Zones))
	for i, o := range c.o.Zones {
		suffixes[i] = o.Suffix
	}
	for i, o := range c.o.Zones {
		z := &zone{Zone: o, name: names[i], news: make(chan struct{}, 1), naming: dns.Naming{Federation: c.o.Federation, Suffix: o.Suffix, Others: suffixes}}
		metrics := c.metrics.Of(z.name)
		z.keeper = keeper.New(keeper.Options{
			Provider: o.Provider,
			Open: func(ctx context.Context) (dns.Provider, error) {
				return o.Open(ctx, metrics.Observe(o.Provider, o.Name))
			},
			ZoneName: o.Name, ZoneID: o.ID, AskZoneID: o.AskID, CreateZone: o.Create, Except: below(c.o.Zones, i),
			Owner:            dns.Owner{Federation: c.o.Federation, UID: string(uid), Adopt: c.o.AdoptUIDs},
			UnsourcedPercent: c.o.UnsourcedPercent, Resync: c.o.Resync, Metrics: metrics,
			Changed: func(service string) { c.kept(z, service) },
		})
		zones[i] = z
	}
	return zones
}

// objectNames are the names of zones' DNSZones, each another: that of the zone; with the provider before it when others are called alike; and with
// the id behind that when the provider has several, or its place in the order where that does not tell either.
func objectNames(zones []Zone) []string {
	names := make([]string, len(zones))
	for i, z := range zones {
		name := strings.TrimSuffix(z.Name, ".")
		if countOf(zones, z.Name) > 1 {
			name = z.Provider + "." + name
		}
		id := dns.Label(dns.PlainID(z.ID))
		if id != "" && slices.ContainsFunc(zones, func(o Zone) bool { return o.Name == z.Name && o.Provider == z.Provider && o.ID != z.ID }) {
			name += "." + id
		}
		if slices.Contains(names[:i], name) {
			name += "." + strconv.Itoa(i+1)
		}
		names[i] = name
	}
	return names
}

// countOf is how many zones have a name.
func countOf(zones []Zone, name string) (n int) {
	for _, z := range zones {
		if z.Name == name {
			n++
		}
	}
	return n
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
