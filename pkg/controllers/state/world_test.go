package state_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// world is a federation API, what is known of its objects, and a Writer. Its time is that of a synctest bubble.
type world struct {
	testing.TB
	api    *fakeapi.API
	writer *state.Writer
	busy   atomic.Bool // with work of users

	catchingUp atomic.Bool // with other work

	mu       sync.Mutex
	known    map[delivery.Key]state.Snapshot // without what the API itself says
	stale    map[delivery.Key]state.Snapshot // what is known instead of what the API says
	said     []string                        // events, as REASON NAME: NOTE
	requests []string                        // writes, as METHOD PATH BODY
	refuse   func(*http.Request) int         // a status code to refuse with, or 0
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{TB: tb, known: map[delivery.Key]state.Snapshot{}, stale: map[delivery.Key]state.Snapshot{}}
	w.api = fakeapi.New(fakeapi.Options{Intercept: w.intercept})
	w.writer = state.New(state.Options{API: client(tb, w.api), Snapshot: w.snapshot, Events: w, Busy: w.isBusy})
	return w
}

func (w *world) isBusy(p delivery.Priority) bool {
	return p == delivery.User && w.busy.Load() || p == delivery.Recheck && w.catchingUp.Load()
}

// client calls the handler without a network, which has no place in a bubble.
func client(tb testing.TB, h http.Handler) rest.Interface {
	tb.Helper()
	config := &rest.Config{Host: "http://federation", QPS: -1, Transport: handled{h}}
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	c, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// inBubble runs the Writer while f runs.
func inBubble(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.writer.Run(ctx)
		}()
		f(w)
		cancel()
		<-done
	})
}

// after lets time pass, until everything that was to happen by then has.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) intercept(rw http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r.Method+" "+r.URL.Path)
	if w.refuse == nil {
		return false
	}
	code := w.refuse(r)
	if code == 0 {
		return false
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(code)
	reason := map[int]string{http.StatusUnprocessableEntity: "Invalid", http.StatusInternalServerError: "InternalError"}[code]
	fmt.Fprintf(rw, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":"refused"}`, code, reason)
	return true
}

// writes counts those since the last call.
func (w *world) writes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.requests)
	w.requests = nil
	return n
}

func (w *world) events() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.said
	w.said = nil
	return said
}

// Eventf is that of an events.EventRecorder.
func (w *world) Eventf(regarding, _ runtime.Object, kind, reason, _, note string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of, ok := regarding.(*corev1.ObjectReference)
	if !ok || kind != corev1.EventTypeWarning || of.UID == "" {
		w.Errorf("event %s %s about %v", kind, reason, regarding)
		return
	}
	w.said = append(w.said, reason+" "+of.Name+": "+fmt.Sprintf(note, args...))
}

// put makes the source in the federation API.
func (w *world) put(k kinds.Kind, name, spec string) delivery.Key {
	w.Helper()
	body := fmt.Sprintf(`{"metadata":{"namespace":"default","name":%q}%s}`, name, spec)
	if err := w.api.Put(k, "kubectl", []byte(body)); err != nil {
		w.Fatal(err)
	}
	return delivery.Key{Kind: k.ID(), Namespace: "default", Name: name}
}

// know says how it stands with an object, and has it looked at.
func (w *world) know(k kinds.Kind, key delivery.Key, s state.Snapshot) {
	w.mu.Lock()
	s.Kind, s.Key = k, key
	w.known[key] = s
	w.mu.Unlock()
	w.writer.Changed(key)
}

// snapshot is what a controller would have in memory, without delay unless there is a stale one.
func (w *world) snapshot(key delivery.Key) (state.Snapshot, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, is := w.stale[key]; is {
		return s, true
	}
	s, is := w.known[key]
	if !is {
		return s, false
	}
	o, is := w.api.Get(s.Kind, key.Namespace, key.Name)
	if !is {
		return s, false
	}
	s.UID, s.ResourceVersion, s.Generation, s.Annotations, s.Status = o.UID, o.ResourceVersion, o.Generation, o.Annotations, o.Status
	return s, true
}

// freeze makes what is known of an object not change any more, but for what thaw brings.
func (w *world) freeze(key delivery.Key) (thaw func()) {
	s, is := w.snapshot(key)
	if !is {
		w.Fatalf("%s is not known", key)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stale[key] = s
	return func() {
		w.mu.Lock()
		delete(w.stale, key)
		w.mu.Unlock()
		w.writer.Changed(key)
	}
}

// annotations are ours.
func (w *world) annotations(k kinds.Kind, key delivery.Key) (propagation, members string) {
	w.Helper()
	o, is := w.api.Get(k, key.Namespace, key.Name)
	if !is {
		w.Fatalf("%s is not there", key)
	}
	return o.Annotations[fedv1beta1.AnnotationPropagation], o.Annotations[fedv1beta1.AnnotationMembers]
}

// status is that of the object as its type.
func status[S any](w *world, k kinds.Kind, key delivery.Key) S {
	w.Helper()
	o, _ := w.api.Get(k, key.Namespace, key.Name)
	var s S
	if len(o.Status) > 0 {
		if err := json.Unmarshal(o.Status, &s); err != nil {
			w.Fatal(err)
		}
	}
	return s
}

// hash is that of what all copies shall hold, in tests.
const hash = "0123456789abcdef"

func synced(member string) state.Part {
	return state.Part{
		Member: member, Selected: true, Reachable: true, WantedHash: hash,
		Report: delivery.Report{State: delivery.Synced, Hash: hash, Copy: &delivery.Copy{UID: "copy", Generation: 1, Hash: hash}},
	}
}

func in(member string, s delivery.State, message string) state.Part {
	p := synced(member)
	p.Report = delivery.Report{State: s, Message: message, Hash: hash}
	return p
}

// running is a copy of a Deployment with so many replicas, all in order.
func running(member string, wanted, ready int32) state.Part {
	p := synced(member)
	p.Wanted = shape.Share{Replicas: &wanted}
	p.Copy.Status = fmt.Appendf(nil, `{"observedGeneration":1,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d}`,
		wanted, wanted, ready, ready)
	return p
}

func kindOf(id kinds.ID) kinds.Kind {
	all := kinds.Default()
	return all[slices.IndexFunc(all, func(k kinds.Kind) bool { return k.ID() == id })]
}

var (
	configMaps  = kindOf("configmaps")
	deployments = kindOf("deployments.apps")
	jobs        = kindOf("jobs.batch")
)
