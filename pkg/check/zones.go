package check

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/topology"
)

// zones compares where the member's nodes are with what the federation and the member's resolver believe.
func (m *member) zones(ctx context.Context) Outcome {
	nodes, err := m.way.Objects.Resource(corev1.SchemeGroupVersion.WithResource("nodes")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return unseen(err, "list the nodes of the member")
	}
	corefile := ""
	config, err := m.way.Client.CoreV1().ConfigMaps(m.Namespace).Get(ctx, m.Resolver(), metav1.GetOptions{})
	switch {
	case err == nil:
		corefile = config.Data["Corefile"]
	case !apierrors.IsNotFound(err):
		return unseen(err, "read ConfigMap %q in namespace %q of the member", m.Resolver(), m.Namespace)
	}
	var census topology.Census
	for i := range nodes.Items {
		census.Count(nodes.Items[i].Labels)
	}
	return m.judgeZones(census.Topology(), m.clusterStatus(), corefile)
}

func (m *member) judgeZones(have topology.Topology, status fedv1beta1.ClusterStatus, corefile string) Outcome {
	if len(have.Zones) == 0 {
		return warning(fmt.Sprintf("%s label nodes --all %s=REGION %s=ZONE", m.memberKubectl(), corev1.LabelTopologyRegion, corev1.LabelTopologyZone),
			"no node says in which zone it is: the member is near to nobody")
	}
	if here, there := place(have.Region, have.Zones), place(status.Region, status.Zones); here != there {
		return warning(m.managerLog()+"  # if it stays so for more than a minute", "its nodes are in %s, and Cluster %q says %s", here, m.Name, there)
	}
	if leads := leadsTo(corefile); corefile != "" {
		if want := m.nearest(status); !strings.HasPrefix(leads, want) {
			return warning(m.join("--refresh"), "its resolver leads to %s, and the nearest name of the federation begins with %s", orNone(leads), want)
		}
	}
	return ok("its nodes are in %s", place(have.Region, have.Zones))
}

// place puts zones and their region into words.
func place(region string, zones []string) string {
	where := orNone(strings.Join(zones, ", "))
	if region != "" {
		where += " of region " + region
	}
	return where
}

// nearest is how the name begins that the member's resolver leads to: its zone's, or its region's if it has several zones.
func (m *member) nearest(status fedv1beta1.ClusterStatus) string {
	name := m.Target.Name + ".svc."
	if status.Region == "" {
		return name
	}
	if len(status.Zones) == 1 {
		name += dnsLabel(status.Zones[0]) + "."
	}
	return name + dnsLabel(status.Region) + "."
}

var (
	resolverAnswer = regexp.MustCompile(`IN CNAME \{\{[^}]*\}\}\.\{\{[^}]*\}\}\.([^"\s]+)`)
	notDNS         = strings.NewReplacer("_", "-", ".", "-", " ", "-")
)

// leadsTo is the name, behind service and namespace, to which a resolver's Corefile leads; "" if it does not say.
func leadsTo(corefile string) string {
	if found := resolverAnswer.FindStringSubmatch(corefile); found != nil {
		return found[1]
	}
	return ""
}

// dnsLabel is what the member chart makes of a zone's name.
func dnsLabel(zone string) string {
	label := notDNS.Replace(strings.ToLower(zone))
	return strings.Trim(label[:min(len(label), 63)], "-")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
