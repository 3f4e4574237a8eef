package check

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestServersOfTheFederationsNames(t *testing.T) {
	manager := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-controller-manager", Namespace: ns},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Args:         []string{"--dns-provider=coredns", "--dns-provider-config=/dns/conf"},
				VolumeMounts: []corev1.VolumeMount{{Name: "dns", MountPath: "/dns"}},
			}},
			Volumes: []corev1.Volume{{Name: "dns", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}},
		}}},
	}
	published := func(servers string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-dns-servers", Namespace: ns}, Data: map[string]string{"servers": servers}}
	}
	resolver := func(forward string) *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "fellowship-resolver", Namespace: ns},
			Data:       map[string]string{"Corefile": "a:1053 {\n    forward . 127.0.0.1:5301 {\n        next NXDOMAIN\n    }\n}\n.:5302 {\n    " + forward + "\n}"},
		}
	}
	const again = rejoin + " --cluster-context=minas-tirith --refresh"
	tests := []struct {
		name     string
		host     []runtime.Object
		resolver *corev1.ConfigMap
		want     expected
	}{
		{"it asks those that there are", []runtime.Object{manager, published("203.0.113.53:53,[2001:db8::53]:53")}, resolver("forward example.com [2001:db8::53]:53 203.0.113.53:53"), expected{level: OK, text: "asks 203.0.113.53:53, [2001:db8::53]:53"}},
		{"a port that need not be said", []runtime.Object{manager, published("203.0.113.53:53")}, resolver("forward example.com 203.0.113.53 {\n    max_fails 0\n    }"), expected{level: OK}},
		{"they have moved", []runtime.Object{manager, published("203.0.113.54:53")}, resolver("forward example.com 203.0.113.53:53"), expected{level: Failure, text: "asks 203.0.113.53:53 for the federation's names, which are served by 203.0.113.54:53", mend: again}},
		{"it was joined before there were any", []runtime.Object{manager, published("203.0.113.54:53")}, resolver("forward example.com /etc/resolv.conf {\n    }"), expected{level: Failure, text: "asks the cluster's own DNS", mend: again}},
		{"the provider has become another", nil, resolver("forward example.com 203.0.113.53:53"), expected{level: Failure, text: "served by the cluster's own DNS", mend: again}},
		{"names that are found from everywhere", nil, resolver("forward example.com /etc/resolv.conf {\n    }"), expected{level: OK, text: "looked up by the cluster's DNS"}},
		{"they have no address yet", []runtime.Object{manager, published("")}, resolver("forward example.com /etc/resolv.conf"), expected{level: Warning, text: "has no address yet", mend: "describe service fellowship-dns"}},
		{"a member without a resolver", []runtime.Object{manager}, nil, expected{level: Skipped, text: "no resolver"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var inMember []runtime.Object
			if tt.resolver != nil {
				inMember = append(inMember, tt.resolver)
			}
			m := gondor(cluster("v1.36.3", nil, inMember...), tt.host...)
			m.zone = "example.com"
			tt.want.check(t, m.servers(t.Context()))
		})
	}
	t.Run("a federation without a zone", func(t *testing.T) {
		expected{level: Skipped, text: "has no DNS zone"}.check(t, gondor(cluster("v1.36.3", nil)).servers(t.Context()))
	})
}
