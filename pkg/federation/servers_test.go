package federation

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

func TestZoneServers(t *testing.T) {
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace}
	}
	// withVolume is a controller manager that has its configuration from the volume.
	withVolume := func(provider string, source corev1.VolumeSource) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: meta("fellowship-controller-manager"), Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Args:         []string{"--dns-provider=" + provider, "--zone-name=example.com.", "--dns-provider-config=/etc/dns/the.conf"},
				VolumeMounts: []corev1.VolumeMount{{Name: "other", MountPath: "/etc"}, {Name: "config", MountPath: "/etc/dns"}},
			}},
			Volumes: []corev1.Volume{{Name: "other"}, {Name: "config", VolumeSource: source}},
		}}}}
	}
	bundled := withVolume("coredns", corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}})
	own := withVolume("coredns", corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "mine"}})
	servers := func(text string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: meta("fellowship-dns-servers"), Data: map[string]string{"servers": text}}
	}
	secret := func(more string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: meta("mine"), Data: map[string][]byte{
			"the.conf": []byte("[Global]\netcd-endpoints = http://etcd:2379\nzones = example.com.\n" + more),
		}}
	}
	tests := []struct {
		name    string
		objects []runtime.Object
		want    []string
		says    string // of the error
	}{
		{"nothing is installed", nil, nil, ""},
		{"another provider", []runtime.Object{withVolume("rfc2136", corev1.VolumeSource{}), servers("203.0.113.53:53")}, nil, ""},
		{"the bundled server", []runtime.Object{bundled, servers("[2001:db8::53]:53,203.0.113.53:53")}, []string{"203.0.113.53:53", "[2001:db8::53]:53"}, ""},
		{"a load balancer with a name", []runtime.Object{bundled, servers("lb.example.org:53")}, []string{"198.51.100.1:53", "198.51.100.2:53"}, ""},
		{"a name that is not found", []runtime.Object{bundled, servers("nowhere.example.org:53")}, nil, `look up DNS server "nowhere.example.org"`},
		{"the bundled server has no address yet", []runtime.Object{bundled, servers("")}, nil, ErrServersUnknown.Error()},
		{"the bundled server has just been switched on", []runtime.Object{bundled}, nil, "kubectl describe service fellowship-dns"},
		{"a server of the user's", []runtime.Object{own, secret("coredns-endpoints = 192.0.2.53, 192.0.2.52:5353\n"), servers("203.0.113.53:53")}, []string{"192.0.2.52:5353", "192.0.2.53:53"}, ""},
		{"a server of the user's that is found from everywhere", []runtime.Object{own, secret("")}, nil, ""},
		{"a configuration that is not there", []runtime.Object{own}, nil, `read Secret "mine"`},
		{"a configuration that cannot be read", []runtime.Object{own, secret("coredns-endpoints = a b@c\n")}, nil, `secret "mine" in namespace "federation-system", key "the.conf"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ZoneServers(t.Context(), fake.NewClientset(tt.objects...), fellowship, func(_ context.Context, host string) ([]string, error) {
				if host != "lb.example.org" {
					return nil, errors.New("no such host")
				}
				return []string{"198.51.100.2", "198.51.100.1"}, nil
			})
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Fatalf("ZoneServers = %v, want an error that says %q", err, tt.says)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
