package dnsview

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Reasons that the federation does not report.
const (
	// Unknown: the controller manager has said nothing yet.
	Unknown = "Unknown"
	// NotPublished: the Service has no names, and asks for none.
	NotPublished = "NotPublished"
)

// Member is how it stands with a Service in one member.
type Member struct {
	Name      string       `json:"name"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	Hostname  string       `json:"hostname,omitempty"`
	// Backs says that names lead to it. Otherwise Reason is one of package dnsstate, or Unknown, and Message says more.
	Backs   bool   `json:"backs"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// state is what a Service of the federation says of its names.
type state struct {
	service *corev1.Service
	members map[string]Member // every member of the federation, and what else the annotation names

	published bool // it is to have names
	// reason is that of the condition, Unknown or NotPublished.
	reason, message string
	problems        []string // annotations that cannot be read
	strays          string   // members that it drains, and that there are not
}

// stateOf reads a Service. Members that its annotation does not name are Unknown.
func (v *View) stateOf(s *corev1.Service) state {
	st := state{service: s, members: map[string]Member{}, published: published(s), reason: Unknown, message: "the controller manager has said nothing of it yet"}
	said, err := dnsstate.Of(s.Annotations)
	if err != nil {
		st.problems = append(st.problems, err.Error())
	}
	st.strays = dnsstate.StrayDrains(dnsstate.Drains(s.Annotations), func(name string) bool { return v.cluster(name) != nil })
	for _, name := range v.names() {
		if _, ok := said[name]; !ok {
			st.members[name] = Member{Name: name, Reason: Unknown, Message: "the controller manager has not said how it stands there"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(said)) {
		st.members[name] = v.memberState(s, name, said[name])
	}
	condition := meta.FindStatusCondition(conditions(s), fedv1beta1.ServiceDNS)
	switch {
	case !st.published:
		st.reason, st.message = NotPublished, notPublished(s)
	case condition != nil:
		st.reason, st.message = condition.Reason, condition.Message
	}
	return st
}

func conditions(s *corev1.Service) []metav1.Condition { return s.Status.Conditions }

// published tells whether a Service is to have names.
func published(s *corev1.Service) bool {
	return s.DeletionTimestamp == nil && federated(s) && dnsstate.Published(s)
}

// federated tells whether it goes into members.
func federated(s *corev1.Service) bool {
	u := &unstructured.Unstructured{}
	u.SetNamespace(s.Namespace)
	u.SetName(s.Name)
	u.SetAnnotations(s.Annotations)
	return kinds.Federated(serviceKind, u)
}

// serviceKind is what is known of Services by itself.
var serviceKind = kinds.Kind{Version: "v1", Resource: "services", Kind: "Service", Namespaced: true, Status: true}

// notPublished says why a Service asks for no names.
func notPublished(s *corev1.Service) string {
	switch {
	case s.DeletionTimestamp != nil:
		return "it is being deleted"
	case !federated(s):
		return "it does not go into members"
	case s.Annotations[fedv1beta1.AnnotationDNSAddresses] == fedv1beta1.DNSAddressesNone:
		return fmt.Sprintf("annotation %s says %s", fedv1beta1.AnnotationDNSAddresses, fedv1beta1.DNSAddressesNone)
	default:
		return fmt.Sprintf("its type is %s: LoadBalancer is published, and any other with annotation %s", s.Spec.Type, fedv1beta1.AnnotationDNSAddresses)
	}
}

func (v *View) memberState(s *corev1.Service, name string, said dnsstate.Member) Member {
	m := Member{Name: name, Addresses: said.Addresses, Hostname: said.Hostname, Backs: said.Backs()}
	switch {
	case m.Backs:
	case said.Out == "":
		m.Reason = string(dnsstate.NoAddress)
	default:
		m.Reason = string(said.Out)
	}
	if !m.Backs {
		m.Message = v.explain(s, name, dnsstate.Reason(m.Reason))
	}
	return m
}

// explain says what a reason means, and where more is to be learnt.
func (v *View) explain(s *corev1.Service, member string, reason dnsstate.Reason) string {
	c := v.cluster(member)
	if c == nil {
		return "the federation has no Cluster of this name any more"
	}
	switch reason {
	case dnsstate.NotPlaced:
		return fmt.Sprintf("no copy of the Service is there: fedhelm describe service/%s -n %s says why", s.Name, s.Namespace)
	case dnsstate.Drained:
		return drainedBy(s, c)
	case dnsstate.Offline:
		if ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady); ready != nil && ready.Status != metav1.ConditionTrue {
			return "the cluster is not ready: " + ready.Reason
		}
		return "the cluster was not ready for too long"
	case dnsstate.NoAddress:
		return "it has no address " + source(s)
	case dnsstate.NoReadyEndpoints:
		return "nothing there is ready to serve it"
	default:
		return ""
	}
}

func drainedBy(s *corev1.Service, c *fedv1beta1.Cluster) string {
	switch {
	case dnsstate.DrainedCluster(c.Annotations):
		return "the cluster is drained: fedhelm dns undrain " + c.Name + " brings it back"
	case slices.Contains(dnsstate.Drains(s.Annotations), c.Name):
		return fmt.Sprintf("the Service is drained there: fedhelm dns undrain %s --service %s brings it back", c.Name, id(s))
	case dnsstate.DrainedBy(s.Annotations, c.Name):
		return fmt.Sprintf("the Service's annotation %s drains all members", fedv1beta1.AnnotationDNSDrain)
	default:
		return "it was drained, and is coming back"
	}
}

// source says where the addresses of a Service come from.
func source(s *corev1.Service) string {
	switch from := s.Annotations[fedv1beta1.AnnotationDNSAddresses]; from {
	case "", fedv1beta1.DNSAddressesLoadBalancer:
		return "of a load balancer"
	case fedv1beta1.DNSAddressesExternalIPs:
		return "in its externalIPs"
	case fedv1beta1.DNSAddressesNodes:
		return "of nodes: annotate the Cluster with " + fedv1beta1.AnnotationNodeAddresses
	default:
		return "from " + from
	}
}

// ttl is that of the Service's records in a zone.
func (st *state) ttl(z *Zone) uint32 {
	ttl, _ := dnsstate.TTL(st.service.Annotations, z.TTL) // what is wrong with it is the reason of the condition
	return ttl
}

// wanted are the names that the Service shall have in a zone, and why others cannot be had.
func (v *View) wanted(st *state, z *Zone) ([]dns.Wanted, []dns.Problem) {
	if !st.published {
		return nil, nil
	}
	s := dns.Service{Namespace: st.service.Namespace, Name: st.service.Name, TTL: st.ttl(z)}
	for _, name := range slices.Sorted(maps.Keys(st.members)) {
		if m := st.members[name]; m.Backs {
			s.Backends = append(s.Backends, dns.Backend{Member: name, Addresses: m.Addresses, Hostname: m.Hostname})
		}
	}
	naming := z.naming()
	for i := range v.Zones {
		naming.Others = append(naming.Others, v.Zones[i].Suffix)
	}
	return dns.Desired(naming, s, v.members())
}

// at are the members at a place, sorted by name; none for a Service that there is not.
func (v *View) at(st *state, place dns.Place) []Member {
	var found []Member
	for _, m := range v.members() {
		if is, said := st.members[m.Name]; said && slices.Contains(m.Places(), place) {
			found = append(found, is)
		}
	}
	return found
}
