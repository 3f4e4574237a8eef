package servicedns

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

var serviceKind = kinds.Kind{Version: "v1", Resource: "services", Kind: "Service", Namespaced: true}

func TestRead(t *testing.T) {
	const prefix = "federation.fedhelm.io/"
	tests := []struct {
		name        string
		kind        corev1.ServiceType
		namespace   string
		annotations map[string]string
		want        source // of it what is compared below
		says        string // of problems
	}{
		{name: "a load balancer is published", kind: corev1.ServiceTypeLoadBalancer, want: source{published: true, from: "load-balancer", ttl: 60}},
		{name: "others are not", kind: corev1.ServiceTypeClusterIP, want: source{from: "load-balancer", ttl: 60}},
		{name: "unless they say where addresses come from", kind: corev1.ServiceTypeNodePort, annotations: map[string]string{"dns-addresses": "nodes"}, want: source{published: true, from: "nodes", ttl: 60}},
		{name: "an Ingress", kind: corev1.ServiceTypeClusterIP, annotations: map[string]string{"dns-addresses": "ingress/door"}, want: source{published: true, from: "ingress/", ingress: "door", ttl: 60}},
		{name: "a load balancer may be kept out", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-addresses": "none"}, want: source{from: "load-balancer", ttl: 60}},
		{name: "what is not federated is not published", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"federate": "false"}, want: source{from: "load-balancer", ttl: 60}},
		{name: "nor what belongs to Kubernetes", kind: corev1.ServiceTypeLoadBalancer, namespace: "kube-system", want: source{from: "load-balancer", ttl: 60}},
		{name: "addresses from nowhere", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-addresses": "ingress/"}, want: source{published: true, ttl: 60}, says: "ingress/NAME"},
		{name: "a TTL in seconds", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-ttl": "30"}, want: source{published: true, from: "load-balancer", ttl: 30}},
		{name: "a TTL as a duration", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-ttl": "24h"}, want: source{published: true, from: "load-balancer", ttl: 86400}},
		{name: "a TTL that is too long", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-ttl": "25h"}, want: source{published: true, from: "load-balancer", ttl: 60}, says: "dns-ttl"},
		{name: "a TTL of parts of a second", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-ttl": "1500ms"}, want: source{published: true, from: "load-balancer", ttl: 60}, says: "dns-ttl"},
		{name: "no TTL", kind: corev1.ServiceTypeLoadBalancer, annotations: map[string]string{"dns-ttl": "0"}, want: source{published: true, from: "load-balancer", ttl: 60}, says: "dns-ttl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: tt.namespace, Name: "web", Annotations: map[string]string{}}, Spec: corev1.ServiceSpec{Type: tt.kind}}
			for name, text := range tt.annotations {
				s.Annotations[prefix+name] = text
			}
			reduced, err := reduce(s)
			if err != nil {
				t.Fatal(err)
			}
			got := read(reduced.(*corev1.Service), serviceKind, 60)
			if got.published != tt.want.published || got.from != tt.want.from || got.ingress != tt.want.ingress || got.ttl != tt.want.ttl {
				t.Errorf("read = %+v, want %+v", got, tt.want)
			}
			if said := strings.Join(got.problems, "; "); (said == "") != (tt.says == "") || !strings.Contains(said, tt.says) {
				t.Errorf("problems are %q, want %q", said, tt.says)
			}
		})
	}
}

func TestDrains(t *testing.T) {
	for _, tt := range []struct {
		drained       []string
		gondor, rohan bool
	}{
		{nil, false, false},
		{[]string{"gondor"}, true, false},
		{[]string{"*"}, true, true},
	} {
		s := &source{drained: tt.drained}
		if s.drains("gondor") != tt.gondor || s.drains("rohan") != tt.rohan {
			t.Errorf("%q drains gondor %t, rohan %t", tt.drained, s.drains("gondor"), s.drains("rohan"))
		}
	}
}

func TestServiceSaysWhomItDrainsInVain(t *testing.T) {
	withPublished(t, 0, func(p published) {
		for drains, want := range map[string]string{"gondor": "", "*": "", "": "", "gondor,gondro": "drains gondro, which", "rohan, Gondor,gondor": "drains Gondor, rohan, which"} {
			s := numbered(0, false)
			s.Annotations[fedv1beta1.AnnotationDNSDrain] = drains
			is := read(s, serviceKind, 60)
			v := p.judge(is, p.remember(is), p.fleet.Load())
			message := v.condition(is, noon).Message
			if got := strings.Contains(message, fedv1beta1.AnnotationDNSDrain); got != (want != "") || !strings.Contains(message, want) {
				t.Errorf("with %q drained the Service says %q, want %q", drains, message, want)
			}
		}
	})
}

// Whoever makes a Service after another's manifest brings that one's annotation along, but no status.
func TestAnnotationOfAnotherServiceSaysNothing(t *testing.T) {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{fedv1beta1.AnnotationDNS: `{"gondor":{"addresses":["192.0.2.6"]}}`}},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
	}
	if got := read(s, serviceKind, 60).before; got != nil {
		t.Errorf("it is taken for what was said of this Service: %v", got)
	}
	s.Status.Conditions = []metav1.Condition{{Type: fedv1beta1.ServiceDNS}}
	if got := read(s, serviceKind, 60).before; len(got) != 1 {
		t.Errorf("what was said of it is %v", got)
	}
}
