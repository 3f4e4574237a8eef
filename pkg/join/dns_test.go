package join

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// withDNSServer is a federation that brings its DNS server along, reached as the ConfigMap says.
func withDNSServer(t *testing.T, servers string) *meeting {
	t.Helper()
	m := newMeeting(t)
	manager, err := m.host.AppsV1().Deployments(m.ref.Namespace).Get(t.Context(), m.ref.ControllerManager(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	manager.Spec = appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		Containers: []corev1.Container{{
			Args:         []string{"--dns-provider=coredns", "--dns-provider-config=/dns/conf"},
			VolumeMounts: []corev1.VolumeMount{{Name: "dns", MountPath: "/dns"}},
		}},
		Volumes: []corev1.Volume{{Name: "dns"}},
	}}}
	if _, err := m.host.AppsV1().Deployments(m.ref.Namespace).Update(t.Context(), manager, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-dns-servers", Namespace: m.ref.Namespace}, Data: map[string]string{"servers": servers}}
	if _, err := m.host.CoreV1().ConfigMaps(m.ref.Namespace).Create(t.Context(), config, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return m
}

// names are what the member's release is told of names.
func (m *meeting) names() (*chart.MemberDNS, error) {
	o := m.options()
	o.Federation.Zone, o.DNS = "example.com", memberdns.CoreDNS
	o.LookupHost = func(context.Context, string) ([]string, error) { return []string{"198.51.100.1"}, nil }
	r := &joinRun{JoinOptions: o, dns: &memberdns.Server{Kind: memberdns.CoreDNS, Domain: "cluster.local"}}
	return r.memberDNS(m.t.Context())
}

func TestTheResolverIsToldOfTheFederationsDNSServers(t *testing.T) {
	got, err := withDNSServer(t, "203.0.113.53:53,lb.example.org:53").names()
	if err != nil {
		t.Fatal(err)
	}
	want := &chart.MemberDNS{
		Resolver: true, Zone: "example.com", ClusterDomain: "cluster.local",
		ZoneServers: []string{"198.51.100.1:53", "203.0.113.53:53"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAJoinDoesNotWaitForTheFederationsDNSServer(t *testing.T) {
	m := withDNSServer(t, "")
	got, err := m.names()
	if err != nil || got == nil || len(got.ZoneServers) > 0 {
		t.Errorf("memberDNS = %+v, %v", got, err)
	}
	if !strings.Contains(m.out.String(), "fedhelm join gondor --refresh") {
		t.Errorf("it is not said what to do later:\n%s", m.out.String())
	}
}
