//go:build integration

package memberdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

// What a real API server does and a fake one does not: it refuses writes to what has changed, and deletes only what was
// meant.
func TestIntegrationFederationsComeAndGoAtOnce(t *testing.T) {
	client := kubernetes.NewForConfigOrDie(apiserver.StartMember(t).Admin(t))
	t.Run("in a Corefile", func(t *testing.T) {
		put(t, client, coreDNSPod("coredns-1"), configMap("coredns", "Corefile", corefile))
		before := getConfigMap(t, client, "coredns")
		federations := comeAtOnce(t, client, 6)
		text := getConfigMap(t, client, "coredns").Data["Corefile"]
		for _, f := range federations {
			if got := strings.Count(text, fmt.Sprintf("\n%s.svc.cluster.local:53 {\n", f.Name)); got != 1 {
				t.Errorf("federation %s has %d blocks in\n%s", f.Name, got, text)
			}
		}
		goAtOnce(t, client, federations)
		if diff := cmp.Diff(before.Data, getConfigMap(t, client, "coredns").Data); diff != "" {
			t.Errorf("the ConfigMap (-before +after):\n%s", diff)
		}
		remove(t, client, "coredns-1")
	})
	t.Run("in kube-dns, with a ConfigMap that is not there", func(t *testing.T) {
		put(t, client, kubeDNSPod(), nil)
		federations := comeAtOnce(t, client, 3)
		elements := strings.Split(getConfigMap(t, client, "kube-dns").Data[federationsKey], ",")
		slices.Sort(elements)
		if diff := cmp.Diff([]string{"f0=example.com", "f1=example.com", "f2=example.com"}, elements); diff != "" {
			t.Errorf("the key (-want +got):\n%s", diff)
		}
		goAtOnce(t, client, federations)
		_, err := client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "kube-dns", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("the ConfigMap is there still, or: %v", err)
		}
		remove(t, client, "kube-dns-1")
	})
}

// put makes a cluster's DNS as far as an API server alone has one.
func put(t *testing.T, client kubernetes.Interface, pod *corev1.Pod, cm *corev1.ConfigMap) {
	t.Helper()
	service := dnsService()
	service.Spec.ClusterIP, service.Spec.Ports = "", []corev1.ServicePort{{Port: 53}}
	if _, err := client.CoreV1().Services(service.Namespace).Create(t.Context(), service, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	if cm != nil {
		if _, err := client.CoreV1().ConfigMaps(cm.Namespace).Create(t.Context(), cm, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	putPod(t, client, pod)
}

// putPod makes a pod that is ready, and has no node.
func putPod(t *testing.T, client kubernetes.Interface, pod *corev1.Pod) {
	t.Helper()
	status := pod.Status
	if len(pod.Spec.Containers) == 0 {
		pod.Spec.Containers = []corev1.Container{{Name: "coredns", Image: "coredns"}}
	}
	made, err := client.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made.Status = status
	if _, err := client.CoreV1().Pods(pod.Namespace).UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, client kubernetes.Interface, pod string) {
	t.Helper()
	now := int64(0)
	if err := client.CoreV1().Pods("kube-system").Delete(t.Context(), pod, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Fatal(err)
	}
}

func getConfigMap(t *testing.T, client kubernetes.Interface, name string) *corev1.ConfigMap {
	t.Helper()
	cm, err := client.CoreV1().ConfigMaps("kube-system").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return cm
}

// comeAtOnce tells the DNS of n federations beside each other.
func comeAtOnce(t *testing.T, client kubernetes.Interface, n int) []Federation {
	t.Helper()
	federations := make([]Federation, n)
	for i := range federations {
		f := Federation{Namespace: fmt.Sprintf("ns%d", i), Name: fmt.Sprintf("f%d", i), UID: types.UID(fmt.Sprint(i)), Zone: "example.com."}
		federations[i] = f
		putResolver(t, client, f)
	}
	atOnceAll(t, federations, func(f Federation) error {
		got, err := Configure(t.Context(), Options{Client: client, Federation: f, Ask: knowing(f)}, Auto)
		if err == nil && !got.Changed {
			err = errors.New("nothing was changed")
		}
		return err
	})
	return federations
}

func goAtOnce(t *testing.T, client kubernetes.Interface, federations []Federation) {
	t.Helper()
	atOnceAll(t, federations, func(f Federation) error {
		from, err := Forget(t.Context(), client, f)
		if err == nil && len(from) != 1 {
			err = fmt.Errorf("taken out of %v", from)
		}
		return err
	})
}

func atOnceAll(t *testing.T, federations []Federation, do func(Federation) error) {
	t.Helper()
	var wg sync.WaitGroup
	for _, f := range federations {
		wg.Go(func() {
			if err := do(f); err != nil {
				t.Errorf("federation %s: %v", f.Name, err)
			}
		})
	}
	wg.Wait()
}

func putResolver(t *testing.T, client kubernetes.Interface, f Federation) {
	t.Helper()
	_, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: f.Namespace}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	service := resolverService()
	service.Namespace, service.Name, service.Spec.ClusterIP, service.Spec.Ports = f.Namespace, f.Resolver(), "", []corev1.ServicePort{{Port: 53}}
	if _, err := client.CoreV1().Services(f.Namespace).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	pod := resolverPod()
	pod.Namespace = f.Namespace
	putPod(t, client, pod)
}

// knowing answers whatever it is asked as the federation's resolver.
func knowing(f Federation) Ask {
	return func(_ context.Context, _ types.NamespacedName, _ int, queries ...*dns.Msg) ([]*dns.Msg, error) {
		answers := make([]*dns.Msg, len(queries))
		for i, q := range queries {
			answers[i] = new(dns.Msg).SetReply(q)
			answers[i].Answer = []dns.RR{&dns.TXT{Txt: []string{"federation=" + f.Name, "uid=" + string(f.UID)}}}
		}
		return answers, nil
	}
}
