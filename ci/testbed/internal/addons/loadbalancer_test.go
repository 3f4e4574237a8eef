package addons

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// service makes a Service of type LoadBalancer that has the address, if it is not "".
func service(name, address string, change ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
	}
	if address != "" {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address}}
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func TestDecide(t *testing.T) {
	class := "example.com/other"
	tests := []struct {
		name   string
		pool   string // 10.0.0.0/29 when empty: addresses 1 to 6
		svc    *corev1.Service
		others []*corev1.Service
		given  map[string]string
		want   string
	}{
		{name: "a new Service gets the first free address", svc: service("a", ""), others: []*corev1.Service{service("b", "10.0.0.1")}, want: "10.0.0.2"},
		{name: "a Service keeps its address", svc: service("a", "10.0.0.5"), want: "10.0.0.5"},
		{name: "an address that another Service has is changed", svc: service("a", "10.0.0.1"), others: []*corev1.Service{service("b", "10.0.0.1")}, want: "10.0.0.2"},
		{name: "an address of another pool is changed", svc: service("a", "192.168.0.1"), want: "10.0.0.1"},
		{name: "an address just given is not given again", svc: service("a", ""), others: []*corev1.Service{service("b", "")},
			given: map[string]string{"10.0.0.1": "default/b"}, want: "10.0.0.2"},
		{name: "an address just given to a Service that is gone is free", svc: service("a", ""),
			given: map[string]string{"10.0.0.1": "default/gone"}, want: "10.0.0.1"},
		{name: "an exhausted pool has none", pool: "10.0.0.0/30", svc: service("a", ""),
			others: []*corev1.Service{service("b", "10.0.0.1"), service("c", "10.0.0.2")}},
		{name: "an asked-for address is given", svc: service("a", "", func(s *corev1.Service) { s.Spec.LoadBalancerIP = "10.0.0.6" }), want: "10.0.0.6"},
		{name: "an asked-for address that is taken leaves the Service without",
			svc:    service("a", "", func(s *corev1.Service) { s.Spec.LoadBalancerIP = "10.0.0.6" }),
			others: []*corev1.Service{service("b", "10.0.0.6")}},
		{name: "a Service annotated to wait gets none",
			svc: service("a", "10.0.0.1", func(s *corev1.Service) { s.Annotations = map[string]string{NoAddress: "true"} })},
		{name: "a Service of another class is not ours", svc: service("a", "", func(s *corev1.Service) { s.Spec.LoadBalancerClass = &class })},
		{name: "a Service that became ClusterIP gives its address back",
			svc: service("a", "10.0.0.1", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.pool == "" {
				tt.pool = "10.0.0.0/29"
			}
			l := &loadBalancers{pool: netip.MustParsePrefix(tt.pool), given: map[netip.Addr]string{}}
			for a, owner := range tt.given {
				l.given[netip.MustParseAddr(a)] = owner
			}
			var want netip.Addr
			if tt.want != "" {
				want = netip.MustParseAddr(tt.want)
			}
			if got := l.decide(tt.svc, append(tt.others, tt.svc)); got != want {
				t.Errorf("decide = %v, want %v", got, want)
			}
		})
	}
}
