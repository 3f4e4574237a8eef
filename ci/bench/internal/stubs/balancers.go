package stubs

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// Place is where the nodes of a member are.
type Place struct{ Region, Zone string }

var (
	nodeKind    = kinds.Kind{Version: "v1", Resource: "nodes", Kind: "Node"}
	serviceKind = kinds.Kind{Version: "v1", Resource: "services", Kind: "Service", Namespaced: true, Status: true}
	sliceKind   = kinds.Kind{Group: discoveryv1.GroupName, Version: "v1", Resource: "endpointslices", Kind: "EndpointSlice", Namespaced: true}
)

// balanced is what a Service of type LoadBalancer gets in a member that has load balancers; its body does not matter.
func balanced(member int, o fakeapi.Object) json.RawMessage {
	return fmt.Appendf(nil, `{"loadBalancer":{"ingress":[{"ip":%q,"ipMode":"VIP"}]}}`, Address(member, o.Namespace, o.Name))
}

// Address is that of the load balancer which the Service of that name has in the member of that number, from 0 to 250. No two members have the same.
func Address(member int, namespace, name string) netip.Addr {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(namespace + "/" + name)) // never fails
	sum := hash.Sum32()
	return netip.AddrFrom4([4]byte{10, byte(member + 1), byte(sum >> 8), byte(sum)}) //nolint:gosec // the number is as said
}

// SetReady makes the endpoint of a Service in the member ready, or not. The EndpointSlice is labelled as Kubernetes labels it.
func (m *Member) SetReady(namespace, service string, ready bool) error {
	of, there := m.Get(serviceKind, namespace, service)
	if !there {
		return fmt.Errorf("%s has no Service %s/%s", m.Name, namespace, service)
	}
	labels := maps.Clone(of.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[discoveryv1.LabelServiceName] = service
	labels[discoveryv1.LabelManagedBy] = "endpointslice-controller.k8s.io"
	return m.put(sliceKind, "kube-controller-manager", &discoveryv1.EndpointSlice{
		TypeMeta:    metav1.TypeMeta{APIVersion: discoveryv1.SchemeGroupVersion.String(), Kind: sliceKind.Kind},
		ObjectMeta:  metav1.ObjectMeta{Namespace: namespace, Name: service + "-1", Labels: labels},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.244.0.10"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
	})
}

// give makes the endpoint of a Service that is new.
func (m *Member) give(o fakeapi.Object) {
	if _, there := m.Get(sliceKind, o.Namespace, o.Name+"-1"); there {
		return
	}
	if err := m.SetReady(o.Namespace, o.Name, true); err != nil {
		panic(err) // it was written just now, and nobody deletes Services of simulated members
	}
}

// settleAt makes a node.
func (m *Member) settleAt(p Place) error {
	return m.put(nodeKind, "kubelet", &corev1.Node{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: nodeKind.Kind},
		ObjectMeta: metav1.ObjectMeta{Name: m.Name + "-node", Labels: map[string]string{corev1.LabelTopologyRegion: p.Region, corev1.LabelTopologyZone: p.Zone}},
	})
}

func (m *Member) put(k kinds.Kind, manager string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return m.Put(k, manager, body)
}
