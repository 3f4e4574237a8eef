package memberdns

import (
	"context"
	"fmt"
	"net/netip"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// resolver is the federation's own DNS server in the member.
type resolver struct {
	namespace string
	address   string // of its Service
	selector  labels.Selector
}

// resolverPort is that of its pods: above 1024, since they do not run as root.
const resolverPort = 1053

func (o Options) resolver(ctx context.Context) (resolver, error) {
	namespace, name := o.Federation.Namespace, o.Federation.Resolver()
	service, err := o.Client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if !exists(err) {
		return resolver{}, fmt.Errorf("there is no Service %q: the chart federation-member brings it with dns.resolver.enabled", namespace+"/"+name)
	}
	if err != nil {
		return resolver{}, fmt.Errorf("get Service %q: %w", namespace+"/"+name, err)
	}
	if _, err := netip.ParseAddr(service.Spec.ClusterIP); err != nil {
		return resolver{}, fmt.Errorf("the clusterIP %q of Service %q is no address that could be asked", service.Spec.ClusterIP, namespace+"/"+name)
	}
	return resolver{namespace, service.Spec.ClusterIP, labels.SelectorFromSet(service.Spec.Selector)}, nil
}

// answers waits until the resolver answers for its federation.
func (r resolver) answers(ctx context.Context, o Options, domain string) error {
	err := o.wait(ctx, r.namespace, r.selector, resolverPort, o.Federation.known(domain))
	if err != nil {
		return fmt.Errorf("wait for the federation's resolver: %w; look at: kubectl --namespace %s describe deployment %s",
			err, r.namespace, o.Federation.Resolver())
	}
	return nil
}
