package chart

import (
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fedhelm/fedhelm"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// LoadMember loads the chart that is installed into members. Every call gives a chart of its own.
func LoadMember() (*chart.Chart, error) { return Load(fedhelm.MemberChart()) }

// MemberOptions are what the chart federation-member is told. The zero value of a field means "not chosen": the base
// values decide, and below them the chart's own defaults.
type MemberOptions struct {
	Federation    string // its name
	FederationUID string // of kube-system in its API
	Cluster       string // the member's name in the federation

	ClusterAdmin *bool // the federation may do everything in the member
	// CustomKinds are federated beside those of the chart's own list, by group and resource. They replace what was there, unless nil.
	CustomKinds []kinds.Kind
	DNS         *MemberDNS // all of it is chosen, or nothing

	// Base lies beneath all of the above: the values of the release that is rendered anew.
	Base map[string]any
}

// MemberDNS is how the federation's names are answered in the member.
type MemberDNS struct {
	Resolver      bool   // runs in the member, for a cluster whose DNS is CoreDNS
	Zone          string // of the federation's names outside of members
	ClusterDomain string // of the member's own DNS; "" leaves the chart's default
	TopologyZone  string // of the member; "" when it has none, or several
	// ZoneServers, IP:port, are asked for the federation's names; none where the member's own DNS finds them.
	ZoneServers []string
	Region      string // of the member; "" when it has none
}

// Values gives the values that the options stand for, without the chart's defaults. The caller owns the result; nothing
// in it is shared with the options.
func (o MemberOptions) Values() map[string]any {
	var s settings
	s.text("federation.name", o.Federation)
	s.text("federation.uid", o.FederationUID)
	s.text("cluster", o.Cluster)
	s.flag("rbac.clusterAdmin", o.ClusterAdmin)
	s.set("rbac.customKinds", kindValues(o.CustomKinds), len(o.CustomKinds) > 0)
	if dns := o.DNS; dns != nil {
		s.set("dns.resolver.enabled", dns.Resolver, true)
		s.set("dns.zone", dns.Zone, true)
		s.text("dns.clusterDomain", dns.ClusterDomain)
		s.set("dns.topology.zone", dns.TopologyZone, true)
		s.set("dns.topology.region", dns.Region, true)
		s.list("dns.resolver.zoneServers", dns.ZoneServers)
	}
	vals := deepCopy(o.Base)
	if dns, ok := vals["dns"].(map[string]any); ok && o.DNS != nil {
		if resolver, ok := dns["resolver"].(map[string]any); ok {
			delete(resolver, "zoneServers")
		}
	}
	if rbac, ok := vals["rbac"].(map[string]any); ok && o.CustomKinds != nil {
		delete(rbac, "customKinds")
	}
	s.apply(vals)
	return vals
}

// kindValues are groups with their resources, in the order in which they come.
func kindValues(custom []kinds.Kind) []any {
	rules := kinds.Rules(custom)
	values := make([]any, 0, len(rules))
	for _, rule := range rules {
		resources := make([]any, len(rule.Resources))
		for i, r := range rule.Resources {
			resources[i] = r
		}
		values = append(values, map[string]any{"group": rule.APIGroups[0], "resources": resources})
	}
	return values
}

// ValidateCluster says why a member cannot have this name. It becomes part of DNS names and of label values.
func ValidateCluster(name string) error {
	if name == "" {
		return errors.New("NAME is missing: the cluster's name in the federation")
	}
	if len(name) > validation.DNS1035LabelMaxLength {
		return fmt.Errorf("NAME %q has %d characters; %d are the most", name, len(name), validation.DNS1035LabelMaxLength)
	}
	if bad := validation.IsDNS1035Label(name); len(bad) > 0 {
		return fmt.Errorf("NAME %q: use small letters, digits and '-', beginning with a letter and not ending with '-'; "+
			"the context may have another name: give it with --cluster-context", name)
	}
	return nil
}
