//go:build integration

package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
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

func TestIntegrationAgent(t *testing.T) {
	server := apiserver.Start(t)
	config := server.Admin(t)
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		do   func(*place)
	}{
		{"what is made is changed and deleted", func(p *place) {
			p.run()
			ns, k := p.namespace(), p.configMap("settings", "one")
			p.expect(ns, Synced)
			p.expect(k, Synced)
			p.becomes("settings", "one")
			p.configMap("settings", "two")
			p.becomes("settings", "two")
			if writes := p.count.writes(); len(writes) != 2 {
				t.Errorf("one request for a write, no more: %v", writes)
			}
			p.want(k, Wish{Action: Absent})
			p.expect(k, Gone)
			if p.get("settings") != nil {
				t.Error("it is still there")
			}
		}},
		{"a restart writes nothing", func(p *place) {
			p.run()
			keys := []Key{p.namespace(), p.configMap("settings", "one"), p.deployment(`,"replicas":2`, replicas(2))}
			keys = append(keys, p.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":%q},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}}`, p.ns)))
			for _, k := range keys {
				p.expect(k, Synced)
			}
			p.end()
			p.count.writes()
			p.run()
			for _, k := range keys {
				p.agent.Want(k, Recheck)
			}
			for _, k := range keys {
				p.expect(k, Synced)
			}
			if writes := p.count.writes(); len(writes) > 0 {
				t.Errorf("it wrote %v", writes)
			}
		}},
		{"an object of others is left alone until it may be adopted", func(p *place) {
			cm := p.theirs("settings", nil, nil)
			p.run()
			p.namespace()
			k := p.configMap("settings", "ours")
			if r := p.expect(k, Conflict); r.Copy != nil || !strings.Contains(r.Message, fedv1beta1.AnnotationAdopt) {
				t.Errorf("the report is %+v", r)
			}
			if now := p.get("settings"); now.ResourceVersion != cm.ResourceVersion {
				t.Errorf("it was changed: %+v", now)
			}
			p.want(k, Wish{Action: Absent})
			p.expect(k, Gone)
			if p.get("settings") == nil {
				t.Fatal("it was deleted")
			}
			p.configMap("settings", "ours", func(w *Wish) { w.Adopt = true })
			p.expect(k, Synced)
			if now := p.get("settings"); now.UID != cm.UID || now.Data["key"] != "ours" {
				t.Errorf("it was not adopted: %+v", now)
			}
		}},
		{"an object of another federation is never adopted", func(p *place) {
			cm := p.theirs("settings", map[string]string{fedv1beta1.LabelPropagatedBy: "council"}, nil)
			p.run()
			p.namespace()
			k := p.configMap("settings", "ours", func(w *Wish) { w.Adopt = true })
			if r := p.expect(k, Conflict); !strings.Contains(r.Message, "council") {
				t.Errorf("the report is %+v", r)
			}
			if now := p.get("settings"); now.ResourceVersion != cm.ResourceVersion {
				t.Errorf("it was changed: %+v", now)
			}
		}},
		{"an object of a federation of that name that was lost is taken over when it is wished, and never deleted", func(p *place) {
			labels := map[string]string{fedv1beta1.LabelPropagatedBy: fellowship}
			lost := map[string]string{fedv1beta1.AnnotationFederationUID: "of another", fedv1beta1.AnnotationSourceUID: "of another"}
			cm := p.theirs("settings", labels, lost)
			p.theirs("left", labels, lost)
			p.run()
			p.namespace()
			left := Key{Kind: "configmaps", Namespace: p.ns, Name: "left"}
			p.want(left, Wish{Action: Absent})
			if r := p.expect(left, Gone); r.Copy != nil {
				t.Errorf("the report is %+v", r)
			}
			if p.get("left") == nil {
				t.Error("it was deleted")
			}
			k := p.configMap("settings", "ours")
			p.expect(k, Synced)
			if now := p.get("settings"); now.UID != cm.UID || now.Data["key"] != "ours" || now.Annotations[fedv1beta1.AnnotationFederationUID] != string(fellowshipUID) {
				t.Errorf("it was not taken over: %+v", now)
			}
		}},
		{"a namespace that is there is used, not owned", func(p *place) {
			p.foreignNamespace()
			p.run()
			ns, k := p.namespace(), p.configMap("settings", "one")
			p.expect(k, Synced)
			p.expect(ns, Used)
			p.want(k, Wish{Action: Absent})
			p.want(ns, Wish{Action: Absent})
			p.expect(k, Gone)
			p.expect(ns, Gone)
			now, err := p.kube.CoreV1().Namespaces().Get(t.Context(), p.ns, metav1.GetOptions{})
			p.must(err)
			if now.DeletionTimestamp != nil || now.Labels[fedv1beta1.LabelPropagatedBy] != "" {
				t.Errorf("it was touched: %+v", now)
			}
		}},
		{"what somebody changes is put back, at first at once", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMap("settings", "one")
			p.expect(k, Synced)
			p.patch("settings", `{"data":{"key":"changed"}}`)
			p.becomes("settings", "one")
			p.patch("settings", `{"data":{"key":null}}`)
			p.becomes("settings", "one")
			p.must(p.kube.CoreV1().ConfigMaps(p.ns).Delete(t.Context(), "settings", metav1.DeleteOptions{}))
			p.becomes("settings", "one")
			if r := p.expect(k, Contested); r.Message == "" {
				t.Errorf("the report is %+v", r)
			}
		}},
		{"what is not ours is left alone", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMap("settings", "one")
			p.expect(k, Synced)
			p.count.writes()
			p.patch("settings", `{"data":{"theirs":"stays"},"metadata":{"labels":{"theirs":"too"}}}`)
			p.becomes("settings", "one")
			time.Sleep(300 * time.Millisecond)
			if writes := p.count.writes(); len(writes) != 0 {
				t.Errorf("it wrote %v", writes)
			}
			p.configMap("settings", "two")
			p.becomes("settings", "two")
			if cm := p.get("settings"); cm.Data["theirs"] != "stays" || cm.Labels["theirs"] != "too" {
				t.Errorf("it became %+v", cm)
			}
		}},
		{"what is released stays as it is, without marks and without us among its managers", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMap("settings", "one")
			before := p.expect(k, Synced).Copy
			p.want(k, Wish{Action: Release})
			p.expect(k, Gone)
			cm := p.get("settings")
			if cm == nil || cm.UID != before.UID || cm.Data["key"] != "one" || len(cm.Labels) > 0 || len(cm.Annotations) > 0 {
				t.Fatalf("it became %+v", cm)
			}
			if slices.ContainsFunc(cm.ManagedFields, func(e metav1.ManagedFieldsEntry) bool { return e.Operation == metav1.ManagedFieldsOperationApply }) {
				t.Errorf("its managers are %+v", cm.ManagedFields)
			}
		}},
		{"replicas are the autoscaler's once it has them", func(p *place) {
			p.run()
			p.namespace()
			k := p.deployment("", replicas(2))
			p.expect(k, Synced)
			scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: p.ns}, Spec: autoscalingv1.ScaleSpec{Replicas: 5}}
			_, err := p.kube.AppsV1().Deployments(p.ns).UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{FieldManager: "kube-controller-manager"})
			p.must(err)
			eventually.Do(t, 10*time.Second, "the report to follow", func() error {
				if r := p.agent.Report(k); r.State != Synced || *r.Copy.Share.Replicas != 5 || len(p.count.writes()) > 0 {
					return fmt.Errorf("it is %+v", r)
				}
				return nil
			})
			p.deployment(`,"minReadySeconds":3`, replicas(3))
			eventually.Do(t, 10*time.Second, "the next change to arrive", func() error {
				if d := p.getDeployment(); d.Spec.MinReadySeconds != 3 || *d.Spec.Replicas != 5 {
					return fmt.Errorf("it has %d replicas", *d.Spec.Replicas)
				}
				return nil
			})
		}},
		{"replicas that somebody else set are put back", func(p *place) {
			p.run()
			p.namespace()
			k := p.deployment("", replicas(2))
			p.expect(k, Synced)
			scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: p.ns}, Spec: autoscalingv1.ScaleSpec{Replicas: 5}}
			_, err := p.kube.AppsV1().Deployments(p.ns).UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{FieldManager: "kubectl"})
			p.must(err)
			eventually.Do(t, 10*time.Second, "two replicas", func() error {
				if d := p.getDeployment(); *d.Spec.Replicas != 2 {
					return fmt.Errorf("it has %d", *d.Spec.Replicas)
				}
				return nil
			})
		}},
		{"an immutable field is said to be, and the copy made anew only when that is asked for", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMapImmutable("one")
			before := p.expect(k, Synced).Copy
			p.configMapImmutable("two")
			if r := p.expect(k, Immutable); r.Copy.UID != before.UID || !strings.Contains(r.Message, "immutable") {
				t.Errorf("the report is %+v", r)
			}
			p.count.writes()
			p.agent.Want(k, User)
			time.Sleep(700 * time.Millisecond)
			if writes := p.count.writes(); len(writes) != 0 {
				t.Errorf("it was tried again: %v", writes)
			}
			p.configMapImmutable("two", func(w *Wish) { w.Recreate = true })
			p.becomes("frozen", "two")
			if r := p.expect(k, Synced); r.Copy.UID == before.UID {
				t.Errorf("the report is %+v", r)
			}
		}},
		{"an object that is made and deleted by somebody between two looks is made again", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMap("settings", "one")
			first := p.expect(k, Synced).Copy.UID
			p.must(p.kube.CoreV1().ConfigMaps(p.ns).Delete(t.Context(), "settings", metav1.DeleteOptions{}))
			eventually.Do(t, 10*time.Second, "another copy", func() error {
				if cm := p.get("settings"); cm == nil || cm.UID == first {
					return fmt.Errorf("there is %v", cm)
				}
				return nil
			})
		}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.do(&place{world: newWorld(t, config), kube: kube, ns: fmt.Sprintf("place-%d", i)})
		})
	}
}

func (p *place) configMapImmutable(value string, change ...func(*Wish)) Key {
	p.t.Helper()
	return p.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"frozen","namespace":%q},"immutable":true,"data":{"key":%q}}`, p.ns, value), change...)
}
