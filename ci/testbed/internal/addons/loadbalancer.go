package addons

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// NoAddress is the annotation of a Service that shall wait for an address for ever, as in a cluster without load balancers.
const NoAddress = "testbed.fedhelm.io/no-address"

// loadBalancers gives Services addresses. Which are taken is written nowhere but in the Services.
type loadBalancers struct {
	client   kubernetes.Interface
	services listers.ServiceLister
	pool     netip.Prefix
	// given are addresses of Services whose new status the lister may not show yet.
	given map[netip.Addr]string
}

func (l *loadBalancers) reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	svc, err := l.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := l.services.List(labels.Everything())
	if err != nil {
		return err
	}
	want := l.decide(svc, all)
	if ingress(svc) == want {
		return nil
	}
	updated := svc.DeepCopy()
	updated.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if want.IsValid() {
		updated.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: want.String()}}
		if l.given == nil {
			l.given = map[netip.Addr]string{}
		}
		l.given[want] = key
	}
	if _, err := l.client.CoreV1().Services(namespace).UpdateStatus(ctx, updated, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("write address: %w", err)
	}
	return nil
}

// decide says which address the Service shall have; the zero one is none.
func (l *loadBalancers) decide(svc *corev1.Service, all []*corev1.Service) netip.Addr {
	if !isLoadBalancer(svc) || svc.Annotations[NoAddress] == "true" {
		return netip.Addr{}
	}
	taken := map[netip.Addr]bool{}
	exists := map[string]bool{}
	for _, s := range all {
		exists[s.Namespace+"/"+s.Name] = true
		if s.Namespace != svc.Namespace || s.Name != svc.Name {
			taken[ingress(s)] = true
		}
	}
	key := svc.Namespace + "/" + svc.Name
	for a, owner := range l.given {
		if !exists[owner] {
			delete(l.given, a)
		} else if owner != key {
			taken[a] = true
		}
	}
	usable := func(a netip.Addr) bool { return a.IsValid() && l.pool.Contains(a) && !taken[a] }
	if have := ingress(svc); usable(have) {
		return have
	}
	if asked, err := netip.ParseAddr(svc.Spec.LoadBalancerIP); err == nil {
		if usable(asked) {
			return asked
		}
		return netip.Addr{}
	}
	for a := l.pool.Masked().Addr().Next(); l.pool.Contains(a); a = a.Next() {
		if usable(a) && l.pool.Contains(a.Next()) { // neither the first nor the last of the pool
			return a
		}
	}
	return netip.Addr{}
}

// waiting names the Services that have no address and want one.
func (l *loadBalancers) waiting() []string {
	all, err := l.services.List(labels.Everything())
	if err != nil {
		return nil
	}
	var keys []string
	for _, s := range all {
		if isLoadBalancer(s) && !ingress(s).IsValid() {
			keys = append(keys, s.Namespace+"/"+s.Name)
		}
	}
	return keys
}

func ingress(s *corev1.Service) netip.Addr {
	for _, i := range s.Status.LoadBalancer.Ingress {
		if a, err := netip.ParseAddr(i.IP); err == nil {
			return a
		}
	}
	return netip.Addr{}
}
