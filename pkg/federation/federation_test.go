package federation

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestList(t *testing.T) {
	server := func(name, namespace string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name + "-apiserver", Namespace: namespace, Labels: Ref{Name: name}.labels("apiserver")}}
	}
	begun := leaseOf("", time.Now())
	begun.Labels = fellowship.labels(lockComponent)
	client := fake.NewClientset(
		server("hobbits", "shire"), server("fellowship", "elsewhere"), server("fellowship", fellowship.Namespace), begun,
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default"}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-controller-manager", Namespace: "third", Labels: fellowship.labels("controller-manager")}},
	)
	got, err := List(context.Background(), client)
	want := []Ref{{"fellowship", "elsewhere"}, fellowship, {"hobbits", "shire"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("List = %v, %v; want %v", got, err, want)
	}
}

func TestMembers(t *testing.T) {
	member := func(name, federation, cluster string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace, Labels: map[string]string{
			fedv1beta1.LabelFederation: federation, fedv1beta1.LabelCluster: cluster,
		}}}
	}
	client := fake.NewClientset(member("a", "fellowship", "rohan"), member("b", "fellowship", "gondor"), member("c", "other", "shire"))
	got, err := Members(context.Background(), client, fellowship)
	if want := []string{"gondor", "rohan"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Members = %v, %v; want %v", got, err, want)
	}
}

func TestApplySecret(t *testing.T) {
	client := fake.NewClientset()
	for _, content := range []string{"old", "new", "new"} {
		data := map[string][]byte{"federation-dns-provider.conf": []byte(content)}
		if err := ApplySecret(context.Background(), client, fellowship, "fellowship-dns-provider", "dns-provider", data); err != nil {
			t.Fatal(err)
		}
	}
	got, err := client.CoreV1().Secrets(fellowship.Namespace).Get(context.Background(), "fellowship-dns-provider", metav1.GetOptions{})
	if err != nil || string(got.Data["federation-dns-provider.conf"]) != "new" || got.Labels[LabelManagedBy] != ManagedBy || got.Labels[LabelInstance] != "fellowship" {
		t.Errorf("the Secret is %+v, %v", got, err)
	}
}

func TestKubeconfig(t *testing.T) {
	client := fake.NewClientset()
	if got, err := Kubeconfig(context.Background(), client, fellowship); err != nil || got != nil {
		t.Errorf("before it is published: %q, %v; want nil", got, err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-kubeconfig", Namespace: fellowship.Namespace}, Data: map[string][]byte{"kubeconfig": []byte("x")}}
	client = fake.NewClientset(secret)
	if got, err := Kubeconfig(context.Background(), client, fellowship); err != nil || string(got) != "x" {
		t.Errorf("Kubeconfig = %q, %v", got, err)
	}
}

func TestLook(t *testing.T) {
	soon, later := time.Now().Add(time.Hour), time.Now().Add(100*time.Hour)
	secret := func(name string, data map[string][]byte) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace}, Data: data}
	}
	pod := func(name string, phase corev1.PodPhase) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace, Labels: fellowship.labels("etcd")},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "etcd", Image: "etcd:3.6"}}},
			Status:     corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{{Name: "etcd", Ready: true, RestartCount: 2}}},
		}
	}
	client := fake.NewClientset(deployment(2), statefulSet(1), pod("fellowship-etcd-0", corev1.PodRunning), pod("fellowship-pki-x", corev1.PodSucceeded),
		secret("fellowship-ca", map[string][]byte{"ca.crt": certificate(t, true, later), "ca.key": []byte("secret")}),
		secret("fellowship-etcd-certs", map[string][]byte{"ca.crt": certificate(t, true, later), "peer.crt": certificate(t, false, soon), "server.crt": []byte("broken")}),
		&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-apiserver", Namespace: fellowship.Namespace}, Spec: corev1.ServiceSpec{Type: "NodePort"}},
	)
	got, err := Look(context.Background(), client, fellowship)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Ready || !got.Found() || got.Service != "NodePort" || len(got.Workloads) != 2 {
		t.Errorf("Look = %+v", got)
	}
	if len(got.Pods) != 1 || got.Pods[0].Ready != 1 || got.Pods[0].Restarts != 2 || got.Images["etcd"] != "etcd:3.6" {
		t.Errorf("pods are %+v with %v, want the running one alone", got.Pods, got.Images)
	}
	var keys []string
	for _, c := range got.Certificates {
		keys = append(keys, c.Secret+"/"+c.Key)
	}
	if want := []string{"fellowship-etcd-certs/peer.crt", "fellowship-ca/ca.crt"}; !slices.Equal(keys, want) {
		t.Errorf("certificates are %v, want %v: leaves, and authorities where they live, the first to expire first", keys, want)
	}
	if nothing, err := Look(context.Background(), fake.NewClientset(), fellowship); err != nil || nothing.Found() || nothing.Ready {
		t.Errorf("in an empty namespace: %+v, %v", nothing, err)
	}
}

func certificate(t *testing.T, isCA bool, expires time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotAfter: expires, IsCA: isCA, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
