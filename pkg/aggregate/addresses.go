package aggregate

import (
	"cmp"
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// service has the addresses of all members.
func service(_ Source, current corev1.ServiceStatus, parts []part[corev1.ServiceStatus]) corev1.ServiceStatus {
	all := addresses(current, parts, func(s *corev1.ServiceStatus) []corev1.LoadBalancerIngress { return s.LoadBalancer.Ingress },
		func(i corev1.LoadBalancerIngress) (string, string) { return i.IP, i.Hostname })
	return corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: all}, Conditions: current.Conditions}
}

// ingress has the addresses of all members.
func ingress(_ Source, current networkingv1.IngressStatus, parts []part[networkingv1.IngressStatus]) networkingv1.IngressStatus {
	all := addresses(current, parts, func(s *networkingv1.IngressStatus) []networkingv1.IngressLoadBalancerIngress {
		return s.LoadBalancer.Ingress
	},
		func(i networkingv1.IngressLoadBalancerIngress) (string, string) { return i.IP, i.Hostname })
	return networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{Ingress: all}}
}

// addresses are those of all members, sorted, each once. Those that the status has stay while one that may have them cannot be seen, but for those
// of copies that leave.
func addresses[S status, A any](current S, parts []part[S], in func(*S) []A, names func(A) (ip, hostname string)) []A {
	var all, going []A
	for i := range parts {
		p := &parts[i]
		if p.Leaving {
			going = append(going, in(&p.status)...)
		} else {
			all = append(all, in(&p.status)...)
		}
	}
	if recalls(parts) {
		for _, a := range in(&current) {
			if !slices.ContainsFunc(going, func(b A) bool { return equality.Semantic.DeepEqual(a, b) }) {
				all = append(all, a)
			}
		}
	}
	return once(all, names)
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
