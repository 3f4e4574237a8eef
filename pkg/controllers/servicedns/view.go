package servicedns

import (
	"encoding/json"
	"net/netip"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
)

const (
	services  = "services"
	ingresses = "ingresses.networking.k8s.io"
)

// views are what is known of a Service in the members that have to do with it.
func (c *Controller) views(s *source, before dnsstate.Members, f *fleet) []view {
	shot, ok := c.o.Snapshot(delivery.Key{Kind: services, Namespace: s.key.Namespace, Name: s.key.Name})
	if !ok || shot.UID != s.uid || s.from == "" {
		return recalled(s, before, f)
	}
	var ingress map[string]*state.Part
	ingressKnown := false
	if s.ingress != "" {
		ingress, ingressKnown = c.partsOf(delivery.Key{Kind: ingresses, Namespace: s.key.Namespace, Name: s.ingress})
	}
	views := make([]view, 0, len(shot.Parts))
	for i := range shot.Parts {
		p := &shot.Parts[i]
		m, is := f.members[p.Member]
		if !is {
			continue
		}
		v := view{member: p.Member, drained: m.drained || s.drains(p.Member), away: m.away, placed: placed(p)}
		switch s.from {
		case fedv1beta1.DNSAddressesExternalIPs:
			if p.Copy != nil {
				v.addresses = addresses(strings.Split(p.Copy.ExternalIPs, ","))
			}
		case fedv1beta1.DNSAddressesNodes:
			v.addresses = m.nodes
		case fedv1beta1.DNSAddressesIngressPrefix:
			at := ingress[p.Member]
			if v.placed == yes && (!ingressKnown || at != nil && placed(at) == unknown) {
				v.placed = unknown
			}
			if at != nil && placed(at) == yes {
				v.addresses, v.hostnames = balanced(at.Copy.Status)
			}
		default:
			if p.Copy != nil {
				v.addresses, v.hostnames = balanced(p.Copy.Status)
			}
		}
		v.ready, v.knowledge = c.ready(s, p.Member)
		views = append(views, v)
	}
	return f.withLost(views, s, before)
}

// recalled are views of which nothing is known but that the members are still there.
func recalled(s *source, before dnsstate.Members, f *fleet) []view {
	var views []view
	for name := range before {
		if m, is := f.members[name]; is {
			views = append(views, recall(s, name, m))
		}
	}
	return views
}

func recall(s *source, name string, m member) view {
	return view{member: name, drained: m.drained || s.drains(name), away: m.away, knowledge: endpoints.Known}
}

// partsOf are how it stands with an object in members; false if that is not known.
func (c *Controller) partsOf(key delivery.Key) (map[string]*state.Part, bool) {
	shot, ok := c.o.Snapshot(key)
	parts := make(map[string]*state.Part, len(shot.Parts))
	for i := range shot.Parts {
		parts[shot.Parts[i].Member] = &shot.Parts[i]
	}
	return parts, ok
}

// placed tells whether an object is wanted in a member, and is there.
func placed(p *state.Part) certainty {
	switch {
	case !p.Selected:
		return no
	case p.Copy != nil && !p.Copy.Terminating:
		return yes
	case p.Copy == nil && (p.State == "" || p.State == delivery.Unreachable):
		return unknown
	default:
		return no
	}
}

// mostHostnames is how many a member may have resolved for a Service. It is not ours to trust, and may say anything.
const mostHostnames = 8

// balanced are the addresses and the hostnames of the load balancers that a status has, of a Service or an Ingress.
func balanced(status json.RawMessage) (found []netip.Addr, hostnames []string) {
	var s struct {
		LoadBalancer struct {
			Ingress []struct{ IP, Hostname string }
		}
	}
	if json.Unmarshal(status, &s) != nil { // what cannot be read is as good as not said
		return nil, nil
	}
	var ips []string
	for _, i := range s.LoadBalancer.Ingress {
		if i.IP != "" {
			ips = append(ips, i.IP)
		} else if i.Hostname != "" {
			hostnames = append(hostnames, i.Hostname)
		}
	}
	hostnames = distinct(hostnames)
	return addresses(ips), hostnames[:min(len(hostnames), mostHostnames)]
}

// ready tells whether the Service has what answers for it in a member.
func (c *Controller) ready(s *source, member string) (certainty, endpoints.Knowledge) {
	if !s.selects {
		return yes, endpoints.Known
	}
	n, knowledge := c.o.Endpoints.Ready(member, s.key)
	switch {
	case knowledge == endpoints.Forbidden, n > 0:
		return yes, knowledge
	case knowledge == endpoints.Unknown:
		return unknown, knowledge
	default:
		return no, knowledge
	}
}
