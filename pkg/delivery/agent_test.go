package delivery

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

func newFake(t *testing.T, o fakeapi.Options) (*world, *fakeapi.API) {
	t.Helper()
	api := fakeapi.New(o)
	server := fakeapi.Serve(api)
	t.Cleanup(server.Close)
	return newWorld(t, server.Config()), api
}

const (
	shire    = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shire"}}`
	settings = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shire"},"data":{"ring":"one"}}`
	changed  = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shire"},"data":{"ring":"two"}}`
)

func TestAgentMakesChangesAndDeletes(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	w.run()
	ns, k := w.source(shire), w.source(settings)
	w.expect(ns, Synced)
	r := w.expect(k, Synced)
	o, ok := api.Get(w.kinds[k.Kind], "shire", "settings")
	if !ok || string(o.Body) != `{"data":{"ring":"one"}}` || r.Copy == nil || r.Copy.UID != o.UID || r.Hash == "" {
		t.Fatalf("the member has %+v, the report %+v", o, r)
	}
	hash := r.Hash
	w.source(changed)
	for r.Hash == hash {
		r = w.expect(k, Synced)
	}
	if o, _ = api.Get(w.kinds[k.Kind], "shire", "settings"); string(o.Body) != `{"data":{"ring":"two"}}` {
		t.Errorf("the member has %s", o.Body)
	}
	w.want(k, Wish{Action: Absent})
	if r = w.expect(k, Gone); r.Copy != nil {
		t.Errorf("there is still a copy: %+v", r)
	}
	if _, ok = api.Get(w.kinds[k.Kind], "shire", "settings"); ok {
		t.Error("the copy is still there")
	}
}

func TestNothingIsPutIntoTheFederationsOwnNamespace(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	w.reserved = "shire"
	w.run()
	ns, k, elsewhere := w.source(shire), w.source(settings), w.source(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"default"}}`)
	w.expect(ns, Synced)
	w.expect(elsewhere, Synced)
	if r := w.expect(k, Rejected); !strings.Contains(r.Message, `"shire"`) {
		t.Errorf("the message is %q", r.Message)
	}
	if _, ok := api.Get(w.kinds[k.Kind], "shire", "settings"); ok {
		t.Error("it was put there")
	}
}

func TestLargeBodiesDoNotStandInTheWay(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	large, now, most := atomic.Int64{}, atomic.Int64{}, atomic.Int64{}
	hold := make(chan struct{})
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if r.ContentLength > largeBody {
			large.Add(1)
			most.Store(max(most.Load(), now.Add(1)))
			<-hold
			now.Add(-1)
		}
		api.ServeHTTP(rw, r)
	})
	var keys []Key
	for i := range 20 {
		keys = append(keys, w.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"large%d","namespace":"shire"},"data":{"key":%q}}`, i, strings.Repeat("x", largeBody))))
	}
	for _, k := range many(w, 20) {
		w.expect(k, Synced)
	}
	close(hold)
	for _, k := range keys {
		w.expect(k, Synced)
	}
	if most.Load() != 1 || large.Load() != 20 {
		t.Errorf("%d at once, %d in all", most.Load(), large.Load())
	}
}

func TestStatusReachesTheReport(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	w.run()
	w.expect(w.source(shire), Synced)
	n := int32(2)
	k := w.source(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shire"},"spec":{"template":{}}}`, func(w *Wish) { w.Share.Replicas = &n })
	w.expect(k, Synced)
	api.SetStatus(w.kinds[k.Kind], "shire", "web", []byte(`{"readyReplicas":1}`))
	eventually.Do(t, 10*time.Second, "the status", func() error {
		r := w.agent.Report(k)
		if r.Copy == nil || string(r.Copy.Status) != `{"readyReplicas":1}` || r.Copy.Share.Replicas == nil || *r.Copy.Share.Replicas != 2 {
			return fmt.Errorf("the report is %+v", r)
		}
		return nil
	})
	if writes := w.count.writes(); len(writes) != 2 {
		t.Errorf("it wrote %v", writes)
	}
}

func TestKindWithoutWishesIsWatchedOnlyIfSomethingWasLeftBehind(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	left := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"left","namespace":"default","labels":{"federation.fedhelm.io/propagated-by":"fellowship"},` +
		`"annotations":{"federation.fedhelm.io/federation-uid":"` + string(fellowshipUID) + `"}}}`
	if err := api.Put(w.kinds["configmaps"], "somebody", []byte(left)); err != nil {
		t.Fatal(err)
	}
	k := Key{Kind: "configmaps", Namespace: "default", Name: "left"}
	w.want(k, Wish{Action: Absent})
	w.run()
	w.agent.Survey(w.kinds["configmaps"])
	w.agent.Survey(w.kinds["secrets"])
	w.expect(k, Gone)
	eventually.Do(t, 10*time.Second, "the kinds to be known", func() error {
		if !w.agent.Synced("configmaps") || !w.agent.Synced("secrets") {
			return errors.New("one is not")
		}
		return nil
	})
	if got := w.agent.table("secrets").at(); got != without {
		t.Errorf("Secrets are at %d, want %d", got, without)
	}
	secret := w.source(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"default"}}`)
	w.expect(secret, Synced)
}
