package servicedns

import (
	"fmt"
	"net/netip"

	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
)

// certainty is what is known of something.
type certainty int

const (
	unknown certainty = iota
	no
	yes
)

// view is what is known of a Service in one member.
type view struct {
	member        string
	drained, away bool
	placed        certainty    // the Service is wanted there, and its copy is there
	addresses     []netip.Addr // if it is placed; sorted
	hostnames     []string     // likewise: of load balancers
	ready         certainty    // an endpoint is, or none is needed
	knowledge     endpoints.Knowledge
}

// lookup says what a hostname leads to; false if that is not known.
type lookup func(hostname string) (addresses []netip.Addr, known bool)

// decide says how it stands with a Service in each member. What is not known is as it was before, so that whoever has just begun changes nothing.
// With named, hostnames are published as such where they are the only address.
func decide(before dnsstate.Members, views []view, resolve lookup, named bool) dnsstate.Members {
	if len(views) == 0 {
		return nil
	}
	is := make(dnsstate.Members, len(views))
	for i := range views {
		v := &views[i]
		was, had := before[v.member]
		if m, ok := v.judge(was, had, resolve, named); ok {
			is[v.member] = m
		}
	}
	return is
}

// unresolved says of which hostnames nothing was ever found out, so that what the member had before holds.
func unresolved(views []view, never func(hostname string) bool) []string {
	var texts []string
	for i := range views {
		for _, h := range views[i].hostnames {
			if views[i].placed == yes && never(h) {
				texts = append(texts, fmt.Sprintf("%s of %s", h, views[i].member))
			}
		}
	}
	return texts
}

// judge is decide for one member; false if there is nothing to say of it.
func (v *view) judge(was dnsstate.Member, had bool, resolve lookup, named bool) (dnsstate.Member, bool) {
	var m dnsstate.Member
	switch {
	case v.placed == yes:
		m.Addresses, m.Hostname = v.reached(was, resolve, named)
	case v.placed == unknown && !had:
		return m, false
	case v.placed == unknown:
		m.Addresses, m.Hostname = was.Addresses, was.Hostname
	}
	m.Out = v.out(m, was, had)
	return m, true
}

// out is why the member does not back the Service, in the order in which that is asked.
func (v *view) out(m, was dnsstate.Member, had bool) dnsstate.Reason {
	switch {
	case v.placed == no || v.placed == unknown && was.Out == dnsstate.NotPlaced:
		return dnsstate.NotPlaced
	case v.drained:
		return dnsstate.Drained
	case v.away || v.placed == unknown && was.Out == dnsstate.Offline:
		return dnsstate.Offline
	case len(m.Addresses) == 0 && m.Hostname == "":
		return dnsstate.NoAddress
	case v.ready == no:
		return dnsstate.NoReadyEndpoints
	case v.ready == unknown && (!had || !was.Backs() && was.Out != dnsstate.Drained):
		return dnsstate.NoReadyEndpoints
	}
	return ""
}

// mostAddresses is how many a member may have for a Service: names have room for those of others, and the annotation as well.
const mostAddresses = 32

// reached is where the Service is found in the member.
func (v *view) reached(was dnsstate.Member, resolve lookup, named bool) (all []netip.Addr, hostname string) {
	all = append(all, v.addresses...)
	for _, h := range v.hostnames {
		resolved, known := resolve(h)
		if !known {
			resolved = was.Addresses
		}
		all = append(all, resolved...)
	}
	if named && len(v.addresses) == 0 && len(v.hostnames) == 1 && len(all) > 0 {
		hostname = v.hostnames[0]
	}
	all = once(all)
	return all[:min(len(all), mostAddresses)], hostname
}
