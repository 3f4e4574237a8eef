//go:build integration

package delivery

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// place is a world in which a namespace of a real API server is the member's part of interest.
type place struct {
	*world
	kube kubernetes.Interface
	ns   string
}

func (p *place) configMap(name, value string, change ...func(*Wish)) Key {
	p.t.Helper()
	return p.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":%q,"uid":"5a-%s"},"data":{"key":%q}}`, name, p.ns, name, value), change...)
}

func (p *place) namespace() Key {
	p.t.Helper()
	return p.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":%q}}`, p.ns))
}

// theirs makes a ConfigMap in the member that is not the federation's.
func (p *place) theirs(name string, labels, annotations map[string]string) *corev1.ConfigMap {
	p.t.Helper()
	p.foreignNamespace()
	cm, err := p.kube.CoreV1().ConfigMaps(p.ns).Create(p.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: annotations}, Data: map[string]string{"key": "theirs"},
	}, metav1.CreateOptions{})
	p.must(err)
	return cm
}

func (p *place) foreignNamespace() {
	p.t.Helper()
	_, err := p.kube.CoreV1().Namespaces().Create(p.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: p.ns}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		p.must(err)
	}
}

func (p *place) get(name string) *corev1.ConfigMap {
	p.t.Helper()
	cm, err := p.kube.CoreV1().ConfigMaps(p.ns).Get(p.t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	p.must(err)
	return cm
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// patch is what kubectl would do by hand.
func (p *place) patch(name, patch string) {
	p.t.Helper()
	_, err := p.kube.CoreV1().ConfigMaps(p.ns).Patch(p.t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "kubectl-edit"})
	p.must(err)
}

// becomes waits until the value of a ConfigMap is as it should be.
func (p *place) becomes(name, value string) {
	p.t.Helper()
	eventually.Do(p.t, 15*time.Second, name+" to say "+value, func() error {
		if cm := p.get(name); cm == nil || cm.Data["key"] != value {
			return fmt.Errorf("it is %v", cm)
		}
		return nil
	})
}

func (p *place) deployment(spec string, change ...func(*Wish)) Key {
	p.t.Helper()
	return p.source(fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":%q},"spec":{
		"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"web:1"}]}}%s}}`, p.ns, spec), change...)
}

func (p *place) getDeployment() *appsv1.Deployment {
	p.t.Helper()
	d, err := p.kube.AppsV1().Deployments(p.ns).Get(p.t.Context(), "web", metav1.GetOptions{})
	p.must(err)
	return d
}

func (p *place) configMapImmutable(value string, change ...func(*Wish)) Key {
	p.t.Helper()
	return p.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"frozen","namespace":%q},"immutable":true,"data":{"key":%q}}`, p.ns, value), change...)
}

func replicas(n int32) func(*Wish) { return func(w *Wish) { w.Share.Replicas = &n } }
