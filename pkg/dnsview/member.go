package dnsview

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// memberAnswer is how long a member may take for each of the things that it is asked.
const memberAnswer = 15 * time.Second

// Way is how a member is reached, by a kubeconfig of the operator's.
type Way struct {
	Client  kubernetes.Interface
	Ask     memberdns.Ask
	Context string // of the kubeconfig, for messages
}

// local is what a member has of a Service, and how its pods would find it.
type local struct {
	server memberdns.Server
	exists bool
	// externalName is where the Service leads by itself; "" for all but those of that type.
	externalName string
	endpoints    int          // that are ready
	addresses    []netip.Addr // those that its name has while endpoints are ready
}

// look finds out what the member has of the Service.
func (w *Way) look(ctx context.Context, c *fedv1beta1.Cluster, namespace, name string) (*local, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, memberAnswer, fmt.Errorf("it did not answer for %s", memberAnswer))
	defer cancel()
	if err := w.leadsTo(ctx, c); err != nil {
		return nil, err
	}
	l := &local{}
	var err error
	if l.server, err = memberdns.Detect(ctx, w.Client, memberdns.Auto); err != nil {
		return nil, err
	}
	s, err := w.Client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at Service %q: %w", namespace+"/"+name, err)
	}
	l.exists, l.externalName = true, s.Spec.ExternalName
	slicesOf := metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + name}
	endpoints, err := w.Client.DiscoveryV1().EndpointSlices(namespace).List(ctx, slicesOf)
	if err != nil {
		return nil, fmt.Errorf("list the EndpointSlices of Service %q: %w", namespace+"/"+name, err)
	}
	ready := readyAddresses(endpoints.Items)
	l.endpoints, l.addresses = len(ready), ready
	if s.Spec.ClusterIP != corev1.ClusterIPNone {
		l.addresses = addressesIn(s.Spec.ClusterIPs, s.Spec.ClusterIP)
	}
	return l, nil
}

// leadsTo returns an error unless the context leads to the very cluster that has joined.
func (w *Way) leadsTo(ctx context.Context, c *fedv1beta1.Cluster) error {
	system, err := w.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("ask the cluster of context %q who it is: %w", w.Context, err)
	}
	if c.Status.UID != "" && system.UID != c.Status.UID {
		return fmt.Errorf("context %q leads to another cluster than the one that has joined as %q", w.Context, c.Name)
	}
	return nil
}

// readyAddresses are those of the endpoints that are ready, each once.
func readyAddresses(parts []discoveryv1.EndpointSlice) []netip.Addr {
	var ready []netip.Addr
	for i := range parts {
		if parts[i].AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		for _, endpoint := range parts[i].Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				ready = append(ready, addressesIn(endpoint.Addresses)...)
			}
		}
	}
	slices.SortFunc(ready, netip.Addr.Compare)
	return slices.Compact(ready)
}

// addressesIn are those of the texts that are addresses, sorted, each once.
func addressesIn(texts []string, more ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range slices.Concat(texts, more) {
		if address, err := netip.ParseAddr(text); err == nil {
			all = append(all, address)
		}
	}
	slices.SortFunc(all, netip.Addr.Compare)
	return slices.Compact(all)
}
