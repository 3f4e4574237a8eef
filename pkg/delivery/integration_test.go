//go:build integration

package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func TestIntegrationAgent(t *testing.T) {
	server := apiserver.StartMember(t)
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
				p.t.Errorf("one request for a write, no more: %v", writes)
			}
			p.want(k, Wish{Action: Absent})
			p.expect(k, Gone)
			if p.get("settings") != nil {
				p.t.Error("it is still there")
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
				p.t.Errorf("it wrote %v", writes)
			}
		}},
		{"an object of others is left alone until it may be adopted", func(p *place) {
			cm := p.theirs("settings", nil, nil)
			p.run()
			p.namespace()
			k := p.configMap("settings", "ours")
			if r := p.expect(k, Conflict); r.Copy != nil || !strings.Contains(r.Message, fedv1beta1.AnnotationAdopt) || !strings.HasSuffix(r.Message, until) {
				p.t.Errorf("the report is %+v", r)
			}
			if now := p.get("settings"); now.ResourceVersion != cm.ResourceVersion {
				p.t.Errorf("it was changed: %+v", now)
			}
			p.want(k, Wish{Action: Absent})
			p.expect(k, Gone)
			if p.get("settings") == nil {
				p.t.Fatal("it was deleted")
			}
			p.configMap("settings", "ours", func(w *Wish) { w.Adopt = true })
			p.expect(k, Synced)
			if now := p.get("settings"); now.UID != cm.UID || now.Data["key"] != "ours" {
				p.t.Errorf("it was not adopted: %+v", now)
			}
		}},
		{"an object of another federation is never adopted", func(p *place) {
			cm := p.theirs("settings", map[string]string{fedv1beta1.LabelPropagatedBy: "council"}, nil)
			p.run()
			p.namespace()
			k := p.configMap("settings", "ours", func(w *Wish) { w.Adopt = true })
			if r := p.expect(k, Conflict); !strings.Contains(r.Message, "council") || !strings.HasSuffix(r.Message, until) {
				p.t.Errorf("the report is %+v", r)
			}
			if now := p.get("settings"); now.ResourceVersion != cm.ResourceVersion {
				p.t.Errorf("it was changed: %+v", now)
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
				p.t.Errorf("the report is %+v", r)
			}
			if p.get("left") == nil {
				p.t.Error("it was deleted")
			}
			k := p.configMap("settings", "ours")
			p.expect(k, Synced)
			if now := p.get("settings"); now.UID != cm.UID || now.Data["key"] != "ours" || now.Annotations[fedv1beta1.AnnotationFederationUID] != string(fellowshipUID) {
				p.t.Errorf("it was not taken over: %+v", now)
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
			now, err := p.kube.CoreV1().Namespaces().Get(p.t.Context(), p.ns, metav1.GetOptions{})
			p.must(err)
			if now.DeletionTimestamp != nil || now.Labels[fedv1beta1.LabelPropagatedBy] != "" {
				p.t.Errorf("it was touched: %+v", now)
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
			p.must(p.kube.CoreV1().ConfigMaps(p.ns).Delete(p.t.Context(), "settings", metav1.DeleteOptions{}))
			p.becomes("settings", "one")
			p.expect(k, Contested)
			time.Sleep(4 * time.Second) // of patience
			p.patch("settings", `{"data":{"key":"again"}}`)
			eventually.Do(p.t, 15*time.Second, "the name of who did it", func() error {
				if r := p.agent.Report(k); r.State != Contested || !strings.HasPrefix(r.Message, "kubectl-edit in the member has changed or deleted it 4 times") {
					return fmt.Errorf("it is %+v", r)
				}
				return nil
			})
			p.becomes("settings", "one")
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
				p.t.Errorf("it wrote %v", writes)
			}
			p.configMap("settings", "two")
			p.becomes("settings", "two")
			if cm := p.get("settings"); cm.Data["theirs"] != "stays" || cm.Labels["theirs"] != "too" {
				p.t.Errorf("it became %+v", cm)
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
				p.t.Fatalf("it became %+v", cm)
			}
			if slices.ContainsFunc(cm.ManagedFields, func(e metav1.ManagedFieldsEntry) bool { return e.Operation == metav1.ManagedFieldsOperationApply }) {
				p.t.Errorf("its managers are %+v", cm.ManagedFields)
			}
		}},
		{"replicas are the autoscaler's once it has them", func(p *place) {
			p.run()
			p.namespace()
			k := p.deployment("", replicas(2))
			p.expect(k, Synced)
			scale := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: p.ns}, Spec: autoscalingv1.ScaleSpec{Replicas: 5}}
			_, err := p.kube.AppsV1().Deployments(p.ns).UpdateScale(p.t.Context(), "web", scale, metav1.UpdateOptions{FieldManager: "kube-controller-manager"})
			p.must(err)
			eventually.Do(p.t, 10*time.Second, "the report to follow", func() error {
				if r := p.agent.Report(k); r.State != Synced || *r.Copy.Share.Replicas != 5 || len(p.count.writes()) > 0 {
					return fmt.Errorf("it is %+v", r)
				}
				return nil
			})
			p.deployment(`,"minReadySeconds":3`, replicas(3))
			eventually.Do(p.t, 10*time.Second, "the next change to arrive", func() error {
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
			_, err := p.kube.AppsV1().Deployments(p.ns).UpdateScale(p.t.Context(), "web", scale, metav1.UpdateOptions{FieldManager: "kubectl"})
			p.must(err)
			eventually.Do(p.t, 10*time.Second, "two replicas", func() error {
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
				p.t.Errorf("the report is %+v", r)
			}
			p.count.writes()
			p.agent.Want(k, User)
			time.Sleep(700 * time.Millisecond)
			if writes := p.count.writes(); len(writes) != 0 {
				p.t.Errorf("it was tried again: %v", writes)
			}
			p.configMapImmutable("two", func(w *Wish) { w.Recreate = true })
			p.becomes("frozen", "two")
			if r := p.expect(k, Synced); r.Copy.UID == before.UID {
				p.t.Errorf("the report is %+v", r)
			}
		}},
		{"a copy that could not be changed is made anew when somebody deletes it", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMapImmutable("one")
			p.expect(k, Synced)
			p.configMapImmutable("two")
			p.expect(k, Immutable)
			p.must(p.kube.CoreV1().ConfigMaps(p.ns).Delete(p.t.Context(), "frozen", metav1.DeleteOptions{}))
			p.becomes("frozen", "two")
			p.expect(k, Synced)
		}},
		{"a namespace of ours goes when all that is in it is ours", func(p *place) {
			p.run()
			ns, k := p.namespace(), p.configMap("settings", "one")
			p.expect(k, Synced)
			p.want(k, Wish{Action: Absent})
			p.want(ns, Wish{Action: Absent})
			p.expect(ns, Terminating)
			now, err := p.kube.CoreV1().Namespaces().Get(p.t.Context(), p.ns, metav1.GetOptions{})
			p.must(err)
			if now.DeletionTimestamp == nil {
				p.t.Errorf("it stays: %+v", now)
			}
		}},
		{"a namespace of ours stays while a copy in it is wished, though the namespace is not", func(p *place) {
			p.run()
			ns, k := p.namespace(), p.configMap("settings", "one")
			p.expect(k, Synced)
			p.want(ns, Wish{Action: Absent})
			if r := p.expect(ns, Pending); !strings.Contains(r.Message, "configmaps/settings") || r.Copy == nil {
				p.t.Errorf("the report is %+v", r)
			}
			now, err := p.kube.CoreV1().Namespaces().Get(p.t.Context(), p.ns, metav1.GetOptions{})
			p.must(err)
			if now.DeletionTimestamp != nil {
				p.t.Error("it is being deleted")
			}
			p.want(k, Wish{Action: Absent})
			p.expect(ns, Terminating)
		}},
		{"a namespace of ours does not go with what is yet to be released", func(p *place) {
			p.run()
			ns, k := p.namespace(), p.configMap("settings", "one")
			p.expect(k, Synced)
			p.mu.Lock()
			p.wishes[k] = Wish{Action: Release} // which nobody has come to yet
			p.mu.Unlock()
			p.want(ns, Wish{Action: Absent})
			if r := p.expect(ns, Pending); !strings.Contains(r.Message, "configmaps/settings") {
				p.t.Errorf("the report is %+v", r)
			}
			p.agent.Want(k, User)
			p.expect(k, Gone)
			p.expect(ns, Kept)
		}},
		{"a namespace of ours is kept, without marks, for what others have in it", func(p *place) {
			p.run()
			ns := p.namespace()
			p.expect(ns, Synced)
			p.theirs("theirs", nil, nil)
			p.want(ns, Wish{Action: Absent})
			if r := p.expect(ns, Kept); !strings.Contains(r.Message, "configmaps/theirs") || r.Copy != nil {
				p.t.Errorf("the report is %+v", r)
			}
			now, err := p.kube.CoreV1().Namespaces().Get(p.t.Context(), p.ns, metav1.GetOptions{})
			p.must(err)
			if now.DeletionTimestamp != nil || now.Labels[fedv1beta1.LabelPropagatedBy] != "" {
				p.t.Errorf("it became %+v", now)
			}
			p.agent.Want(ns, User)
			time.Sleep(200 * time.Millisecond)
			p.expect(ns, Kept)
		}},
		{"fields that the member does not know are left out, and said", func(p *place) {
			p.run()
			p.namespace()
			k := p.deployment(`,"replicas":1,"sword":"Anduril"`, replicas(1))
			if r := p.expect(k, Synced); !slices.Equal(r.Pruned, []string{".spec.sword"}) || !strings.Contains(r.Message, ".spec.sword") {
				p.t.Errorf("the report is %+v", r)
			}
			p.count.writes()
			p.agent.Want(k, Recheck)
			time.Sleep(300 * time.Millisecond)
			if writes := p.count.writes(); len(writes) > 0 {
				p.t.Errorf("it wrote %v", writes)
			}
			if r := p.expect(k, Synced); len(r.Pruned) != 1 {
				p.t.Errorf("the report is %+v", r)
			}
		}},
		{"a definition goes when all its objects are ours, and before that its objects follow it", func(p *place) {
			rings := kinds.Kind{Group: p.ns + ".example.com", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}
			p.kinds[rings.ID()] = rings
			p.kinds[kinds.CRD] = kinds.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"}
			p.run()
			p.namespace()
			one := p.source(fmt.Sprintf(`{"apiVersion":"%s/v1","kind":"Ring","metadata":{"name":"one","namespace":%q},"spec":{"for":"the dark lord"}}`, rings.Group, p.ns))
			p.expect(one, NotServed)
			crd := p.source(fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"rings.%[1]s"},"spec":{"group":%[1]q,"scope":"Namespaced",
				"names":{"plural":"rings","singular":"ring","kind":"Ring","listKind":"RingList"},
				"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`, rings.Group))
			p.expect(crd, Synced)
			p.expect(one, Synced)
			dynamicClient, err := dynamic.NewForConfig(config)
			p.must(err)
			mine := &unstructured.Unstructured{Object: map[string]any{"apiVersion": rings.Group + "/v1", "kind": "Ring", "metadata": map[string]any{"name": "mine"}}}
			objects := dynamicClient.Resource(rings.GroupVersionResource()).Namespace(p.ns)
			_, err = objects.Create(p.t.Context(), mine, metav1.CreateOptions{})
			p.must(err)
			p.want(crd, Wish{Action: Absent})
			if r := p.expect(crd, Kept); !strings.Contains(r.Message, "mine") {
				p.t.Errorf("the report is %+v", r)
			}
			p.must(objects.Delete(p.t.Context(), "mine", metav1.DeleteOptions{}))
			p.source(fmt.Sprintf(`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"rings.%[1]s"},"spec":{"group":%[1]q,"scope":"Namespaced",
				"names":{"plural":"rings","singular":"ring","kind":"Ring","listKind":"RingList"},
				"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`, rings.Group),
				func(w *Wish) { w.Adopt = true })
			p.expect(crd, Synced)
			p.want(crd, Wish{Action: Absent})
			if r := p.expect(crd, Pending); !strings.Contains(r.Message, "one") || r.Copy == nil {
				p.t.Errorf("the report is %+v", r)
			}
			p.want(one, Wish{Action: Absent})
			p.agent.Want(crd, User)
			p.expect(crd, Gone)
		}},
		{"what we may not is said, with what gives the right", func(p *place) {
			config := server.Config(p.t, "nobody-"+p.ns)
			p.world = newWorld(p.t, config)
			p.run()
			k := p.configMap("settings", "one")
			if r := p.expect(k, Forbidden); !strings.Contains(r.Message, "fedhelm join gondor --refresh") {
				p.t.Errorf("the report is %+v", r)
			}
		}},
		{"an object that is made and deleted by somebody between two looks is made again", func(p *place) {
			p.run()
			p.namespace()
			k := p.configMap("settings", "one")
			first := p.expect(k, Synced).Copy.UID
			p.must(p.kube.CoreV1().ConfigMaps(p.ns).Delete(p.t.Context(), "settings", metav1.DeleteOptions{}))
			eventually.Do(p.t, 10*time.Second, "another copy", func() error {
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
