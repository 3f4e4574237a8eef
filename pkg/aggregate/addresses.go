package aggregate

import (
	"cmp"
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// service has the addresses of all members, sorted, each once.
func service(_ Source, current corev1.ServiceStatus, parts []part[corev1.ServiceStatus]) corev1.ServiceStatus {
	var all []corev1.LoadBalancerIngress
	for i := range parts {
		if !parts[i].Leaving {
			all = append(all, parts[i].status.LoadBalancer.Ingress...)
		}
	}
	return corev1.ServiceStatus{
		LoadBalancer: corev1.LoadBalancerStatus{Ingress: once(all, func(i corev1.LoadBalancerIngress) (string, string) { return i.IP, i.Hostname })},
		Conditions:   current.Conditions,
	}
}

// ingress has the addresses of all members, sorted, each once.
func ingress(_ Source, _ networkingv1.IngressStatus, parts []part[networkingv1.IngressStatus]) networkingv1.IngressStatus {
	var all []networkingv1.IngressLoadBalancerIngress
	for i := range parts {
		if !parts[i].Leaving {
			all = append(all, parts[i].status.LoadBalancer.Ingress...)
		}
	}
	return networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{
		Ingress: once(all, func(i networkingv1.IngressLoadBalancerIngress) (string, string) { return i.IP, i.Hostname }),
	}}
}

// once sorts addresses, which are more than IP and host name, and drops repeated ones.
func once[A any](all []A, of func(A) (ip, hostname string)) []A {
	type address struct {
		ip, hostname, rest string
		value              A
	}
	sorted := make([]address, len(all))
	for i, a := range all {
		rest, _ := json.Marshal(a) // strings and numbers can always be encoded
		ip, hostname := of(a)
		sorted[i] = address{ip, hostname, string(rest), a}
	}
	slices.SortFunc(sorted, func(a, b address) int {
		return cmp.Or(cmp.Compare(a.ip, b.ip), cmp.Compare(a.hostname, b.hostname), cmp.Compare(a.rest, b.rest))
	})
	sorted = slices.CompactFunc(sorted, func(a, b address) bool { return a.rest == b.rest })
	each := make([]A, 0, len(sorted))
	for _, a := range sorted {
		each = append(each, a.value)
	}
	return each
}
