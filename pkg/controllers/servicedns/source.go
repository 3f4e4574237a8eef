package servicedns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// source is what a Service of the federation API says of its names.
type source struct {
	key       types.NamespacedName
	uid       types.UID
	deleting  bool
	published bool   // it shall have names
	from      string // one of the values of AnnotationDNSAddresses; "" if that is malformed
	ingress   string // whose addresses it has
	selects   bool   // it has a selector, so that it needs endpoints
	ttl       uint32
	drained   []string // members
	problems  []string // what is malformed

	annotation string           // AnnotationDNS as it is
	before     dnsstate.Members // what it says; nil if there is none of ours
	condition  *metav1.Condition
	generation int64
}

// said is what was written of a Service, and nothing that it asks for.
func said(s *corev1.Service) *source {
	is := &source{
		key: types.NamespacedName{Namespace: s.Namespace, Name: s.Name}, uid: s.UID, deleting: s.DeletionTimestamp != nil, generation: s.Generation,
		annotation: s.Annotations[fedv1beta1.AnnotationDNS],
	}
	for i := range s.Status.Conditions {
		if s.Status.Conditions[i].Type == fedv1beta1.ServiceDNS {
			is.condition = &s.Status.Conditions[i]
		}
	}
	return is
}

// read reads a Service, which is not changed and may be kept.
func read(s *corev1.Service, services kinds.Kind, ttl uint32) *source {
	is := said(s)
	is.selects, is.ttl = len(s.Spec.Selector) > 0, ttl
	if is.condition != nil { // they are written together: an annotation alone was copied from another Service, or is somebody's own
		is.before, _ = dnsstate.Of(s.Annotations) // one that cannot be read says nothing; ours takes its place
	}
	is.from = fedv1beta1.DNSAddressesLoadBalancer
	from, chosen := s.Annotations[fedv1beta1.AnnotationDNSAddresses]
	is.published = dnsstate.Published(s) && federated(s, services)
	if !is.published {
		return is
	}
	var err error
	if chosen {
		if is.from, is.ingress, err = addressesFrom(from); err != nil {
			is.problems = append(is.problems, err.Error())
		}
	}
	if is.ttl, err = dnsstate.TTL(s.Annotations, ttl); err != nil {
		is.problems = append(is.problems, err.Error())
	}
	is.drained = dnsstate.Drains(s.Annotations)
	return is
}

// federated tells whether the Service goes into members at all.
func federated(s *corev1.Service, services kinds.Kind) bool {
	u := &unstructured.Unstructured{}
	u.SetNamespace(s.Namespace)
	u.SetName(s.Name)
	u.SetAnnotations(s.Annotations)
	return kinds.Federated(services, u)
}

// drains tells whether the Service wants nothing of a member.
func (s *source) drains(member string) bool {
	return slices.Contains(s.drained, fedv1beta1.DNSDrainAll) || slices.Contains(s.drained, member)
}

// addressesFrom reads AnnotationDNSAddresses.
func addressesFrom(text string) (from, ingress string, err error) {
	switch text {
	case fedv1beta1.DNSAddressesLoadBalancer, fedv1beta1.DNSAddressesExternalIPs, fedv1beta1.DNSAddressesNodes:
		return text, "", nil
	}
	name, is := strings.CutPrefix(text, fedv1beta1.DNSAddressesIngressPrefix)
	if is && len(validation.IsDNS1123Subdomain(name)) == 0 {
		return fedv1beta1.DNSAddressesIngressPrefix, name, nil
	}
	return "", "", fmt.Errorf("annotation %s=%q: must be %s, %s, %s, %sNAME or %s", fedv1beta1.AnnotationDNSAddresses, text,
		fedv1beta1.DNSAddressesLoadBalancer, fedv1beta1.DNSAddressesExternalIPs, fedv1beta1.DNSAddressesNodes,
		fedv1beta1.DNSAddressesIngressPrefix, fedv1beta1.DNSAddressesNone)
}

// list parts a list at commas. Nothing is in an empty one.
func list(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// addresses are those of the texts that are some, sorted, each once.
func addresses(texts []string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil {
			all = append(all, a.Unmap())
		}
	}
	return once(all)
}

// once sorts addresses, and leaves each once.
func once(all []netip.Addr) []netip.Addr {
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}
