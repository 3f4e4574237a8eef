package check

import (
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

// Member is a member cluster, as the operator reaches it.
type Member struct {
	Server
	// Chosen: the user said that this is the way to it. Otherwise it was found by its name, and may be another cluster.
	Chosen bool
	// Ask asks the member's DNS servers; nil: they are not asked.
	Ask memberdns.Ask
}

// member is what the checks of one member look at.
type member struct {
	*Target
	roster.Member

	asked bool      // the federation API was, so that a missing Cluster means something
	uid   types.UID // of the federation; "": not known
	api   string    // its API's version; "": not known
	zone  string    // of its DNS names; "": it has none

	way   *Member // nil: there is none from here, for the reason noWay
	noWay error
}

// checks are those of the member, the ones seen from the host cluster first.
func (m *member) checks() []Check {
	inside := []string{"member-context"}
	return under(MemberCategory(m.Name),
		Check{Name: "registered", Run: m.registered},
		Check{Name: "secret", Run: m.secret},
		Check{Name: "host-rights", Needs: []string{"secret"}, Run: m.hostRights},
		Check{Name: "credential", Needs: []string{"registered", "secret"}, Run: m.credential},
		Check{Name: "reachable", Needs: []string{"registered", "credential"}, Run: m.reachable},
		Check{Name: "ready", Needs: []string{"registered", "reachable"}, Run: m.ready},
		Check{Name: "server-certificate", Needs: []string{"registered", "secret"}, Run: m.serverCertificate},
		Check{Name: "member-context", Run: m.context},
		Check{Name: "member-version", Needs: inside, Run: m.version},
		Check{Name: "member-clock", Needs: inside, Run: m.clock},
		Check{Name: "service-account", Needs: inside, Run: m.serviceAccount},
		Check{Name: "other-federation", Needs: inside, Run: m.otherFederation},
		Check{Name: "member-rights", Needs: []string{"member-context", "service-account"}, Run: m.memberRights},
		Check{Name: "zones", Needs: []string{"member-context", "registered"}, Run: m.zones},
		Check{Name: "shadowing", Needs: inside, Run: m.shadowing},
		Check{Name: "dns-servers", Needs: inside, Run: m.servers},
		Check{Name: "dns", Needs: inside, Limit: dnsLimit, Run: m.dns},
	)
}

// secretName is the Secret that the member's Cluster names, or else the one that is there.
func (m *member) secretName() string {
	if m.Cluster != nil && m.Cluster.Spec.SecretRef != nil {
		return m.Cluster.Spec.SecretRef.Name
	}
	if m.Cluster == nil && len(m.Secrets) > 0 {
		return m.Secrets[0].Name
	}
	return ""
}

// clusterStatus is what the controller manager wrote of the member.
func (m *member) clusterStatus() fedv1beta1.ClusterStatus {
	if m.Cluster == nil {
		return fedv1beta1.ClusterStatus{}
	}
	return m.Cluster.Status
}
