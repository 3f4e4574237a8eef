//go:build integration

package state_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// federation is a real API server as a federation's, a Writer, and members that are what the test says.
type federation struct {
	server *apiserver.Server
	client dynamic.Interface
	writer *state.Writer

	mu    sync.Mutex
	parts map[delivery.Key][]state.Part
	kinds map[delivery.Key]kinds.Kind
	helm  bool
	// expected is what the writer may complain of; everything else fails the test.
	expected string
	heard    int
}

func startFederation(t *testing.T) *federation {
	t.Helper()
	f := &federation{server: apiserver.Start(t), parts: map[delivery.Key][]state.Part{}, kinds: map[delivery.Key]kinds.Kind{}}
	config := f.server.Admin(t)
	f.client = dynamic.NewForConfigOrDie(config)
	byPath := rest.CopyConfig(config)
	byPath.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	api, err := rest.UnversionedRESTClientFor(byPath)
	if err != nil {
		t.Fatal(err)
	}
	f.writer = state.New(state.Options{API: api, Snapshot: f.snapshot, Events: silent{}})
	// What the API refuses is logged, and nothing may be refused.
	log := funcr.New(func(_, args string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.expected == "" || !strings.Contains(args, f.expected) {
			t.Errorf("the writer says: %s", args)
		}
		f.heard++
	}, funcr.Options{})
	ctx, cancel := context.WithCancel(ctrl.LoggerInto(t.Context(), log))
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.writer.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return f
}

// silent is a recorder of events that nobody reads.
type silent struct{}

func (silent) Eventf(_, _ runtime.Object, _, _, _, _ string, _ ...any) {}

func (f *federation) snapshot(key delivery.Key) (state.Snapshot, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.kinds[key]
	o, err := f.in(k, key.Namespace).Get(context.Background(), key.Name, metav1.GetOptions{})
	if err != nil {
		return state.Snapshot{}, false
	}
	s := state.Snapshot{
		Kind: k, Key: key, UID: o.GetUID(), ResourceVersion: o.GetResourceVersion(), Generation: o.GetGeneration(), Annotations: o.GetAnnotations(),
		Share: shape.ShareOf(k, o), Helm: f.helm, Parts: f.parts[key],
	}
	if status, is := o.Object["status"]; is {
		s.Status, err = json.Marshal(status)
	}
	return s, err == nil
}

func (f *federation) in(k kinds.Kind, namespace string) dynamic.ResourceInterface {
	if k.Namespaced {
		return f.client.Resource(k.GroupVersionResource()).Namespace(namespace)
	}
	return f.client.Resource(k.GroupVersionResource())
}

// make makes an object in namespace default out of YAML, as a user does.
func (f *federation) make(t *testing.T, k kinds.Kind, text string) delivery.Key {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	o.SetGroupVersionKind(k.GroupVersionKind())
	made, err := f.in(k, "default").Create(t.Context(), o, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	key := delivery.Key{Kind: k.ID(), Namespace: made.GetNamespace(), Name: made.GetName()}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kinds[key] = k
	return key
}

// members have these copies from now on.
func (f *federation) members(key delivery.Key, parts ...state.Part) {
	f.mu.Lock()
	f.parts[key] = parts
	f.mu.Unlock()
	f.writer.Changed(key)
}

// get returns the object once what the writer knows by now is written, and nothing more comes.
func (f *federation) get(t *testing.T, key delivery.Key) *unstructured.Unstructured {
	t.Helper()
	f.mu.Lock()
	client := f.in(f.kinds[key], key.Namespace)
	f.mu.Unlock()
	time.Sleep(1200 * time.Millisecond) // the writer has settled, or has just waited for the end of its pace
	var last *unstructured.Unstructured
	eventually.Do(t, 20*time.Second, "the writer to come to rest with "+key.String(), func() error {
		before := last
		var err error
		last, err = client.Get(t.Context(), key.Name, metav1.GetOptions{})
		if err == nil && (before == nil || before.GetResourceVersion() != last.GetResourceVersion()) {
			err = fmt.Errorf("it changes")
			time.Sleep(1200 * time.Millisecond)
		}
		return err
	})
	return last
}

// copyWith is the part of a member whose copy has the status, made from the source as it is.
func copyWith(member, status string, share shape.Share) state.Part {
	p := synced(member)
	p.Wanted, p.Copy.Status = share, json.RawMessage(status)
	return p
}

func replicas(n int32) shape.Share { return shape.Share{Replicas: &n} }
