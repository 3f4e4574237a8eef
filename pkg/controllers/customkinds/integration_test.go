//go:build integration

package customkinds_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/admission"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/customkinds"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

var ring = kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rings.middle.earth}
spec:
  group: middle.earth
  scope: Namespaced
  names: {plural: rings, singular: ring, kind: Ring, listKind: RingList}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

// world is a federation API as it is after bootstrap, with an administrator and a Follower with the controller manager's own rights.
type world struct {
	t        *testing.T
	fed      *fedapi.API
	admin    client.Client
	manager  client.Client // as the controller manager
	follower *customkinds.Follower
	stop     func()
}

func TestIntegrationCustomKinds(t *testing.T) {
	ctrl.SetLogger(klog.Background())
	fed := fedapi.Start(t)
	w := &world{t: t, fed: fed, admin: fed.Client}
	w.start()
	w.becomes(t)

	w.create(t, definition)
	w.mark(t, "true")
	w.becomes(t, ring)
	w.newRing(t, "early") // as soon as the API takes it
	w.recorded(t, map[string]string{"rings.middle.earth": "federated"})
	made := w.tryRing("one")
	if made == nil || len(made.GetFinalizers()) != 1 {
		t.Errorf("once the record says so, a ring is made as %v", made)
	}
	t.Run("the controller manager may let go of objects", func(t *testing.T) {
		eventually.Do(t, 10*time.Second, "the rights", func() error {
			return w.manager.Patch(t.Context(), made.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"a":"b"}}}`)))
		})
		if err := w.manager.Delete(t.Context(), made.DeepCopy()); !apierrors.IsForbidden(err) {
			t.Errorf("Delete = %v", err)
		}
	})
	t.Run("what somebody else changes is put back by the next event", func(t *testing.T) {
		record := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: admission.CustomKinds}}
		if err := w.admin.Delete(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		w.annotate(t, "poke", "1")
		w.recorded(t, map[string]string{"rings.middle.earth": "federated"})
	})
	w.stop()
	t.Run("a kind that is not marked any more is leaving while objects are held, also after a restart", func(t *testing.T) {
		w.mark(t, nil)
		w.start()
		leaving := ring
		leaving.Leaving = true
		w.becomes(t, leaving)
		w.recorded(t, map[string]string{"rings.middle.earth": "leaving"})
		eventually.Do(t, 10*time.Second, "new objects to be left alone", func() error {
			o := w.newRing(t, "")
			if slices.Contains(o.GetFinalizers(), fedv1beta1.FinalizerPropagation) {
				w.letGo(t, o)
				return errors.New("one got the finalizer")
			}
			return nil
		})
	})
	t.Run("and comes back", func(t *testing.T) {
		w.mark(t, "true")
		w.becomes(t, ring)
		w.mark(t, nil)
		leaving := ring
		leaving.Leaving = true
		w.becomes(t, leaving)
	})
	t.Run("and has left when none is held any more", func(t *testing.T) {
		eventually.Do(t, 10*time.Second, "the policy to let go", func() error {
			w.letGo(t, made)
			if got := w.get(t, ring, "one"); len(got.GetFinalizers()) > 0 {
				return fmt.Errorf("finalizers %v", got.GetFinalizers())
			}
			return nil
		})
		w.becomes(t)
		w.recorded(t, nil)
	})
	t.Run("a definition that is deleted ends the kind when it is gone", func(t *testing.T) {
		w.mark(t, "true")
		w.becomes(t, ring)
		crd := w.get(t, kinds.Definitions(), "rings.middle.earth")
		if err := w.admin.Delete(t.Context(), crd); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := w.follower.Kinds(); !slices.Contains(got, ring) {
			t.Errorf("while the definition is held, the kinds are %v", got)
		}
		w.letGo(t, crd)
		w.becomes(t)
	})
	w.stop()
}

// start runs a Follower as the controller manager does.
func (w *world) start() {
	w.t.Helper()
	mgr := w.fed.Manager(w.t)
	w.manager = mgr.GetClient()
	w.follower = customkinds.New(customkinds.Options{Definitions: mgr.GetCache(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient()})
	w.stop = fedapi.Run(w.t, mgr, w.follower)
}

// becomes waits until the kinds are these, after that of definitions.
func (w *world) becomes(t *testing.T, want ...kinds.Kind) {
	t.Helper()
	want = append([]kinds.Kind{kinds.Definitions()}, want...)
	eventually.Do(t, 20*time.Second, fmt.Sprintf("kinds %v", want), func() error {
		if got := w.follower.Kinds(); !slices.Equal(got, want) {
			return fmt.Errorf("they are %v", got)
		}
		return nil
	})
}

func (w *world) recorded(t *testing.T, want map[string]string) {
	t.Helper()
	eventually.Do(t, 20*time.Second, fmt.Sprintf("record %v", want), func() error {
		var record corev1.ConfigMap
		if err := w.admin.Get(t.Context(), client.ObjectKey{Namespace: metav1.NamespaceSystem, Name: admission.CustomKinds}, &record); err != nil {
			return err
		}
		if fmt.Sprint(record.Data) != fmt.Sprint(want) {
			return fmt.Errorf("it is %v", record.Data)
		}
		return nil
	})
}

func (w *world) create(t *testing.T, manifest string) {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		t.Fatal(err)
	}
	if err := w.admin.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func (w *world) get(t *testing.T, k kinds.Kind, name string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(k.GroupVersionKind())
	key := client.ObjectKey{Name: name}
	if k.Namespaced {
		key.Namespace = metav1.NamespaceDefault
	}
	if err := w.admin.Get(t.Context(), key, o); err != nil {
		t.Fatal(err)
	}
	return o
}

// newRing waits until the API takes it.
func (w *world) newRing(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	o := aRing(name)
	eventually.Do(t, 10*time.Second, "the API to take a ring", func() error { return w.admin.Create(t.Context(), o) })
	return o
}

// tryRing fails the test if the API does not take it at once.
func (w *world) tryRing(name string) *unstructured.Unstructured {
	w.t.Helper()
	o := aRing(name)
	if err := w.admin.Create(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
	return o
}

func aRing(name string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(ring.GroupVersionKind())
	o.SetNamespace(metav1.NamespaceDefault)
	o.SetName(name)
	if name == "" {
		o.SetGenerateName("ring-")
	}
	return o
}

func (w *world) mark(t *testing.T, value any) {
	t.Helper()
	w.annotate(t, fedv1beta1.AnnotationFederate, value)
}

func (w *world) annotate(t *testing.T, key string, value any) {
	t.Helper()
	w.patch(t, w.get(t, kinds.Definitions(), "rings.middle.earth"), map[string]any{"annotations": map[string]any{key: value}})
}

// letGo takes all finalizers off, as the propagation controller does with its own.
func (w *world) letGo(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	w.patch(t, o.DeepCopy(), map[string]any{"finalizers": nil})
}

func (w *world) patch(t *testing.T, o *unstructured.Unstructured, metadata map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.admin.Patch(t.Context(), o, client.RawPatch("application/merge-patch+json", body)); err != nil {
		t.Fatal(err)
	}
}
