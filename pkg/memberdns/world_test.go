package memberdns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

const corefile = `.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa
    reload
}
`

var fellowship = Federation{Namespace: "federation-system", Name: "fellowship", UID: "6a0e8c57", Zone: "example.com."}

const written = corefile + `# BEGIN fedhelm federation-system/fellowship: names of federation fellowship. Written by fedhelm join, removed by fedhelm unjoin.
fellowship.svc.cluster.local:53 {
    errors
    cache 30
    forward . 10.0.0.53
}
# END fedhelm federation-system/fellowship
`

// cluster is a member with a DNS that works off what its ConfigMap says.
type cluster struct {
	*fake.Clientset
	configMap, key string // of the DNS

	mu       sync.Mutex
	resolver bool // answers
	deaf     bool // the DNS does not follow its ConfigMap
	broken   bool // nor answers anything, once it has our block
	foreign  types.UID
}

func newCluster(objects ...runtime.Object) *cluster {
	return &cluster{Clientset: fake.NewClientset(objects...), configMap: "coredns", key: "Corefile", resolver: true}
}

// kubeadm is a cluster as kubeadm makes them, with the federation's resolver in it.
func kubeadm(more ...runtime.Object) *cluster {
	return newCluster(append(more, dnsService(), coreDNSPod("coredns-1"), configMap("coredns", "Corefile", corefile), resolverService(), resolverPod())...)
}

func (c *cluster) options() Options {
	return Options{Client: c, Federation: fellowship, Ask: c.ask}
}

// ask answers as the pods would.
func (c *cluster) ask(ctx context.Context, pod types.NamespacedName, port int, queries ...*dns.Msg) ([]*dns.Msg, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	forwarded := strings.Contains(c.read(ctx), "forward . 10.0.0.53") && !c.deaf
	var answers []*dns.Msg
	for _, q := range queries {
		answer := new(dns.Msg).SetReply(q)
		switch name := q.Question[0].Name; {
		case pod.Namespace == fellowship.Namespace && port != 1053, pod.Namespace == metav1.NamespaceSystem && port != 53:
			return nil, fmt.Errorf("connection refused at port %d", port)
		case c.broken && forwarded:
			answer.Rcode = dns.RcodeServerFailure
		case name == "kubernetes.default.svc.cluster.local.":
		case name == "_fedhelm.fellowship.svc.cluster.local." && (pod.Namespace == fellowship.Namespace || forwarded) && c.resolver:
			uid := fellowship.UID
			if c.foreign != "" {
				uid = c.foreign
			}
			answer.Answer = []dns.RR{&dns.TXT{Txt: []string{"federation=fellowship", "uid=" + string(uid)}}}
		default:
			answer.Rcode = dns.RcodeNameError
		}
		answers = append(answers, answer)
	}
	return answers, ctx.Err()
}

// text is what the DNS was told.
func (c *cluster) text() string { return c.read(context.Background()) }

func (c *cluster) read(ctx context.Context) string {
	cm, err := c.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, c.configMap, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	return cm.Data[c.key]
}

// get returns a ConfigMap of kube-system; nil when there is none.
func (c *cluster) get(t *testing.T, name string) *corev1.ConfigMap {
	t.Helper()
	cm, err := c.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(t.Context(), name, metav1.GetOptions{})
	if !exists(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

// asBefore fails the test unless the Corefile is the one of the beginning, and nothing is left on the pods.
func (c *cluster) asBefore(t *testing.T) {
	t.Helper()
	if got := c.text(); got != corefile {
		t.Errorf("the Corefile is now\n%s", got)
	}
	c.noMarks(t)
}

func (c *cluster) noMarks(t *testing.T) {
	t.Helper()
	pods, err := c.CoreV1().Pods(metav1.NamespaceAll).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods.Items {
		if _, there := p.Annotations[hastenAnnotation]; there {
			t.Errorf("pod %s has our annotation still", p.Name)
		}
	}
}

func wantError(t *testing.T, err error, is error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	if is != nil && !errors.Is(err, is) {
		t.Errorf("it is no %q: %v", is, err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in: %v", text, err)
		}
	}
}

func dnsService() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-dns"},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.0.0.10", Selector: map[string]string{"k8s-app": "kube-dns"}},
	}
}

func resolverService() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "federation-system", Name: "fellowship-resolver"},
		Spec:       corev1.ServiceSpec{ClusterIP: "10.0.0.53", Selector: map[string]string{"app": "resolver"}},
	}
}

func resolverPod() *corev1.Pod {
	return pod("federation-system", "fellowship-resolver-1", map[string]string{"app": "resolver"}, corev1.PodSpec{})
}

func pod(namespace, name string, labels map[string]string, spec corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(name), Labels: labels},
		Spec:       spec,
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

func dnsPod(name string, spec corev1.PodSpec) *corev1.Pod {
	return pod("kube-system", name, map[string]string{"k8s-app": "kube-dns"}, spec)
}

func fromConfigMap(volume, name string, items ...corev1.KeyToPath) corev1.Volume {
	return corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: items,
	}}}
}

func coreDNSPod(name string) *corev1.Pod {
	return dnsPod(name, corev1.PodSpec{
		Containers: []corev1.Container{{
			Name: "coredns", Image: "registry.k8s.io/coredns/coredns:v1.14.6", Args: []string{"-conf", "/etc/coredns/Corefile"},
			VolumeMounts: []corev1.VolumeMount{{Name: "config-volume", MountPath: "/etc/coredns"}},
		}},
		Volumes: []corev1.Volume{fromConfigMap("config-volume", "coredns", corev1.KeyToPath{Key: "Corefile", Path: "Corefile"})},
	})
}

func kubeDNSPod() *corev1.Pod {
	return dnsPod("kube-dns-1", corev1.PodSpec{Containers: []corev1.Container{
		{Name: "dnsmasq", Image: "gke.gcr.io/k8s-dns-dnsmasq-nanny:1.23"},
		{Name: "kubedns", Image: "gke.gcr.io/k8s-dns-kube-dns:1.23", Args: []string{"--domain=cluster.local.", "--dns-port=10053"}},
	}})
}

func configMap(name string, pairs ...string) *corev1.ConfigMap {
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: name, UID: types.UID(name)}}
	for i := 0; i < len(pairs); i += 2 {
		setData(cm, pairs[i], pairs[i+1])
	}
	return cm
}
