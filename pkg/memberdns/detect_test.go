package memberdns

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// with changes an object before a cluster has it.
func with[T runtime.Object](object T, change func(T)) T {
	change(object)
	return object
}

func TestDetect(t *testing.T) {
	const imports = corefile + "import /etc/coredns/custom/*.override\nimport custom/*.server\n"
	addition := func(p *corev1.Pod) {
		p.Spec.Volumes = append(p.Spec.Volumes, fromConfigMap("custom", "coredns-custom"))
		p.Spec.Containers[0].VolumeMounts = append(p.Spec.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "custom", MountPath: "/etc/coredns/custom"})
	}
	helm := with(configMap("coredns", "Corefile", corefile), func(cm *corev1.ConfigMap) {
		cm.Annotations = map[string]string{"meta.helm.sh/release-name": "rke2-coredns"}
	})
	eks := with(configMap("coredns", "Corefile", corefile), func(cm *corev1.ConfigMap) {
		cm.Labels = map[string]string{"eks.amazonaws.com/component": "coredns"}
	})
	gone := with(coreDNSPod("coredns-0"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed; p.Spec.Volumes = nil })
	tests := []struct {
		name     string
		objects  []runtime.Object
		want     string
		domain   string
		warnings int
	}{
		{"kubeadm's CoreDNS", []runtime.Object{dnsService(), coreDNSPod("a"), configMap("coredns", "Corefile", corefile)},
			`coredns, by key "Corefile" of ConfigMap "kube-system/coredns"`, "cluster.local", 0},
		{"CoreDNS with a pod that has failed", []runtime.Object{dnsService(), gone, coreDNSPod("a"), configMap("coredns", "Corefile", corefile)},
			`coredns, by key "Corefile" of ConfigMap "kube-system/coredns"`, "cluster.local", 0},
		{"a key of another name, flags of another form, a projected volume, a domain of one's own", []runtime.Object{
			dnsService(),
			with(coreDNSPod("a"), func(p *corev1.Pod) {
				c := &p.Spec.Containers[0]
				c.Command, c.Args, c.WorkingDir = []string{"/coredns", "--conf=conf/dns"}, nil, "/srv"
				c.VolumeMounts = []corev1.VolumeMount{{Name: "other", MountPath: "/"}, {Name: "config", MountPath: "/srv/conf/"}}
				p.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
					{Secret: &corev1.SecretProjection{}},
					{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "x"}, Items: []corev1.KeyToPath{{Key: "k", Path: "y"}}}},
					{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "dns"}, Items: []corev1.KeyToPath{{Key: "main", Path: "dns"}}}},
				}}}}}
			}),
			configMap("dns", "main", ".:1053 {\n kubernetes gondor.internal\n reload\n}\n"),
		}, `coredns, by key "main" of ConfigMap "kube-system/dns"`, "gondor.internal", 0},
		{"AKS and k3s, where server blocks go into a ConfigMap of their own", []runtime.Object{
			dnsService(), with(coreDNSPod("a"), addition),
			with(configMap("coredns", "Corefile", imports), func(cm *corev1.ConfigMap) {
				cm.Labels = map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}
			}),
		}, `coredns, by key "*.server" of ConfigMap "kube-system/coredns-custom"`, "cluster.local", 0},
		{"imports of files that come from no ConfigMap", []runtime.Object{dnsService(), coreDNSPod("a"), configMap("coredns", "Corefile", imports)},
			`coredns, by key "Corefile" of ConfigMap "kube-system/coredns"`, "cluster.local", 0},
		{"a Corefile that a Helm release has", []runtime.Object{dnsService(), coreDNSPod("a"), helm},
			`coredns, by key "Corefile" of ConfigMap "kube-system/coredns"`, "cluster.local", 1},
		{"an EKS add-on", []runtime.Object{dnsService(), coreDNSPod("a"), eks},
			`coredns, by key "Corefile" of ConfigMap "kube-system/coredns"`, "cluster.local", 1},
		{"kube-dns", []runtime.Object{dnsService(), kubeDNSPod()}, `kube-dns, by key "federations" of ConfigMap "kube-system/kube-dns"`, "cluster.local", 0},
		{"kube-dns with a domain of its own", []runtime.Object{dnsService(), with(kubeDNSPod(), func(p *corev1.Pod) {
			p.Spec.Containers[1].Args = []string{"--domain", "k8s.example."}
		})}, `kube-dns, by key "federations" of ConfigMap "kube-system/kube-dns"`, "k8s.example", 0},
		{"another server", []runtime.Object{dnsService(), dnsPod("a", corev1.PodSpec{Containers: []corev1.Container{{Image: "unbound"}}})},
			`no pod behind Service "kube-system/kube-dns" is one of CoreDNS or kube-dns`, "", 0},
		{"a Service of pods that are elsewhere, as with Cloud DNS", []runtime.Object{with(dnsService(), func(s *corev1.Service) { s.Spec.Selector = nil })},
			`Service "kube-system/kube-dns" selects no pods: its DNS is elsewhere`, "", 0},
		{"OpenShift", []runtime.Object{&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "openshift-dns", Name: "dns-default"}}},
			"OpenShift's DNS is set up by its operator: add a server to spec.servers of dns.operator/default", "", 0},
		{"nothing", nil, `there is no Service "kube-system/kube-dns"`, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Detect(t.Context(), newCluster(tt.objects...), Auto)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if s.Domain != tt.domain || len(s.Warnings) != tt.warnings {
				t.Errorf("domain %q, warnings %q", s.Domain, s.Warnings)
			}
		})
	}
}

func TestDetectRefuses(t *testing.T) {
	tests := []struct {
		name    string
		wanted  Kind
		objects []runtime.Object
		is      error
		want    string
	}{
		{"kube-dns that is CoreDNS", KubeDNS, []runtime.Object{dnsService(), coreDNSPod("a"), configMap("coredns", "Corefile", corefile)}, nil,
			"the cluster's DNS is not kube-dns: it is coredns"},
		{"CoreDNS that is not there", CoreDNS, nil, nil, `the cluster's DNS is not coredns: there is no Service "kube-system/kube-dns"`},
		{"a Corefile from no ConfigMap", Auto, []runtime.Object{dnsService(), with(coreDNSPod("a"), func(p *corev1.Pod) { p.Spec.Volumes = nil })}, ErrByHand,
			`pod "kube-system/a" reads /etc/coredns/Corefile, which is in no ConfigMap`},
		{"a Corefile that is not there", Auto, []runtime.Object{dnsService(), coreDNSPod("a")}, nil, `get ConfigMap "kube-system/coredns", which pod "a" reads`},
		{"a key that is not there", Auto, []runtime.Object{dnsService(), coreDNSPod("a"), configMap("coredns")}, nil, `ConfigMap "kube-system/coredns" has no key "Corefile"`},
		{"a Corefile of something else", Auto, []runtime.Object{dnsService(), coreDNSPod("a"), configMap("coredns", "Corefile", ". {\n}")}, nil, `the plug-in "kubernetes"`},
		{"a Corefile without a domain", Auto, []runtime.Object{dnsService(), coreDNSPod("a"), configMap("coredns", "Corefile", ". {\n kubernetes {$DOMAIN}\n}")}, ErrByHand,
			"does not say what the cluster's domain is"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Detect(t.Context(), newCluster(tt.objects...), tt.wanted)
			wantError(t, err, tt.is, tt.want)
		})
	}
}

func TestDetectLooksAtNothingWhenTheDNSIsToBeLeftAlone(t *testing.T) {
	s, err := Detect(t.Context(), nil, None)
	if err != nil || s.Kind != None {
		t.Errorf("got %+v, %v", s, err)
	}
}
