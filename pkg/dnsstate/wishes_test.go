package dnsstate

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestPublished(t *testing.T) {
	tests := []struct {
		name      string
		kind      corev1.ServiceType
		addresses []string // no annotation without one
		want      bool
	}{
		{name: "load balancers have names", kind: corev1.ServiceTypeLoadBalancer, want: true},
		{name: "others do not", kind: corev1.ServiceTypeClusterIP},
		{name: "unless they say where their addresses come from", kind: corev1.ServiceTypeNodePort, addresses: []string{"nodes"}, want: true},
		{name: "be it malformed", kind: corev1.ServiceTypeNodePort, addresses: []string{""}, want: true},
		{name: "none keeps a load balancer out", kind: corev1.ServiceTypeLoadBalancer, addresses: []string{"none"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &corev1.Service{Spec: corev1.ServiceSpec{Type: tt.kind}}
			for _, addresses := range tt.addresses {
				s.Annotations = map[string]string{fedv1beta1.AnnotationDNSAddresses: addresses}
			}
			if got := Published(s); got != tt.want {
				t.Errorf("Published = %t", got)
			}
		})
	}
}

func TestTTL(t *testing.T) {
	for text, want := range map[string]uint32{"30": 30, "30s": 30, "1": 1, "1s": 1, "5m": 300, "24h": 86400, "86400": 86400} {
		if got, err := TTL(map[string]string{fedv1beta1.AnnotationDNSTTL: text}, 60); err != nil || got != want {
			t.Errorf("TTL of %q = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0s", "-5", "-5s", "500ms", "1.5s", "25h", "86401", "4294967297", "soon"} {
		if got, err := TTL(map[string]string{fedv1beta1.AnnotationDNSTTL: text}, 60); err == nil || got != 60 {
			t.Errorf("TTL of %q = %d, %v; want an error, and the default", text, got, err)
		}
	}
	if got, err := TTL(nil, 60); err != nil || got != 60 {
		t.Errorf("TTL without an annotation = %d, %v; want the default", got, err)
	}
}

func TestStrayDrains(t *testing.T) {
	known := func(member string) bool { return member == "gondor" || member == "rohan" }
	for _, tt := range []struct {
		name   string
		drains []string
		want   string
	}{
		{name: "members are none", drains: []string{"gondor", "rohan"}},
		{name: "nor are all of them", drains: []string{"*"}},
		{name: "nor is nobody"},
		{name: "one is named, and members beside it are not", drains: []string{"gondor", "gondro", "rohan"}, want: "annotation federation.fedhelm.io/dns-drain drains gondro, which is no member of the federation: see fedhelm clusters"},
		{name: "case matters", drains: []string{"Gondor"}, want: "drains Gondor, which is no member"},
		{name: "each of several is", drains: []string{"*", "gondor", "gondro", "mordor"}, want: "drains gondro, mordor, which are no members"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.drains)
			if got := StrayDrains(tt.drains, known); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("StrayDrains(%q) = %q, want %q", tt.drains, got, tt.want)
			}
			if !slices.Equal(before, tt.drains) {
				t.Errorf("%q has become %q", before, tt.drains)
			}
		})
	}
}

func TestDrains(t *testing.T) {
	annotated := func(text string) map[string]string { return map[string]string{fedv1beta1.AnnotationDNSDrain: text} }
	if got := Drains(annotated(" rohan,gondor ,,rohan")); !slices.Equal(got, []string{"gondor", "rohan"}) {
		t.Errorf("Drains = %q", got)
	}
	for text, want := range map[string]bool{"gondor": true, "rohan, gondor": true, "*": true, "rohan": false, "": false, "gondor2": false} {
		if got := DrainedBy(annotated(text), "gondor"); got != want {
			t.Errorf("%q drains gondor: %t", text, got)
		}
	}
	for text, want := range map[string]bool{"true": true, "false": false, "": false} {
		if got := DrainedCluster(annotated(text)); got != want {
			t.Errorf("%q drains a Cluster: %t", text, got)
		}
	}
}
