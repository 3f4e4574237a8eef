package delivery

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// fault is what a member does instead of answering.
type fault struct {
	now atomic.Pointer[http.HandlerFunc]
}

func (f *fault) intercept(w http.ResponseWriter, r *http.Request) bool {
	do := f.now.Load()
	if do == nil {
		return false
	}
	(*do)(w, r)
	return true
}

func (f *fault) set(do http.HandlerFunc) {
	if do == nil {
		f.now.Store(nil)
		return
	}
	f.now.Store(&do)
}

// says answers writes with a Status, everything else as ever.
func refusing(api **fakeapi.API, code int, status string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			(*api).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure",` + status + `,"code":` + fmt.Sprint(code) + `}`))
	}
}

// newFaulty is a world whose member has the fault in front of its API.
func newFaulty(t *testing.T) (*world, *fakeapi.API, *fault) {
	t.Helper()
	f := &fault{}
	api := fakeapi.New(fakeapi.Options{})
	server := fakeapi.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.intercept(w, r) {
			api.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return newWorld(t, server.Config()), api, f
}

func many(w *world, n int) []Key {
	keys := make([]Key, n)
	for i := range keys {
		keys[i] = w.source(fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c%d","namespace":"shire"},"data":{"key":"value"}}`, i))
	}
	return keys
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		code    int
		status  string
		want    State
		message string
	}{
		{"a right that is missing names what gives it", 403, `"reason":"Forbidden","message":"configmaps \"settings\" is forbidden: User \"u\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"shire\""`, Forbidden, "fedhelm join gondor --refresh"},
		{"a quota is no right", 403, `"reason":"Forbidden","message":"configmaps \"settings\" is forbidden: exceeded quota: q, requested: count/configmaps=1"`, Rejected, "exceeded quota"},
		{"what is invalid is said to be", 422, `"reason":"Invalid","message":"ConfigMap \"settings\" is invalid: data: bad"`, Rejected, "data: bad"},
		{"what is too large for the storage", 500, `"message":"etcdserver: request is too large"`, Rejected, "too large"},
		{"what is too large", 413, `"reason":"RequestEntityTooLarge","message":"limit is 3145728"`, Rejected, "3145728"},
		{"a field that cannot change", 422, `"reason":"Invalid","message":"no","details":{"causes":[{"reason":"FieldValueInvalid","message":"field is immutable","field":"data"}]}`, Immutable, "no"},
		{"a quota that is counted by many at a time", 409, `"reason":"Conflict","message":"Operation cannot be fulfilled on resourcequotas \"q\": the object has been modified"`, Pending, "resourcequotas"},
		{"a webhook that does not answer", 500, `"reason":"InternalError","message":"Internal error occurred: failed calling webhook \"w\": no route"`, Rejected, "webhook"},
		{"a server that asks for patience", 429, `"reason":"TooManyRequests","message":"later"`, Throttled, "later"},
		{"a server in trouble", 503, `"reason":"ServiceUnavailable","message":"not now"`, Unreachable, "not now"},
		{"a kind that is gone", 404, `"reason":"NotFound","message":"the server could not find the requested resource","details":{}`, NotServed, "configmaps"},
		{"a namespace that is gone", 404, `"reason":"NotFound","message":"namespaces \"shire\" not found","details":{"kind":"namespaces","name":"shire"}`, NoNamespace, "shire"},
		{"a namespace on its way out", 403, `"reason":"Forbidden","message":"no new content","details":{"causes":[{"reason":"NamespaceTerminating","message":"namespace shire is being terminated","field":"metadata.namespace"}]}`, Pending, "being deleted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, api, f := newFaulty(t)
			w.run()
			w.expect(w.source(shire), Synced)
			f.set(refusing(&api, tt.code, tt.status))
			k := w.source(settings)
			eventually.Do(t, 15*time.Second, "the refusal", func() error {
				if r := w.agent.Report(k); r.State != tt.want || !strings.Contains(r.Message, tt.message) || r.Copy != nil {
					return fmt.Errorf("the report is %+v", r)
				}
				return nil
			})
			f.set(nil)
			if tt.want == Immutable {
				w.source(changed)
			}
			w.expect(k, Synced)
			if n := w.agent.counts.conflicts.Load(); n != 0 {
				t.Errorf("it counts %d conflicts", n)
			}
		})
	}
}

func TestNothingOfASecretIsTold(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	f.set(refusing(&api, 422, `"reason":"Invalid","message":"Secret \"s\" is invalid: data: Invalid value: \"hunter2\"","details":{"causes":[{"reason":"FieldValueInvalid","message":"Invalid value: \"hunter2\"","field":"data[key]"},{"reason":"FieldValueInvalid","message":"x","field":"hunter2 is wrong"}]}`))
	k := w.source(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"shire"},"data":{"key":"aHVudGVyMg=="}}`)
	if r := w.expect(k, Rejected); strings.Contains(r.Message, "hunter2") || !strings.Contains(r.Message, "data[key] (FieldValueInvalid)") {
		t.Errorf("it says %q", r.Message)
	}
}

func TestFailuresAreNotTriedOverAndOver(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	f.set(refusing(&api, 422, `"reason":"Invalid","message":"bad"`))
	k := w.source(settings)
	w.expect(k, Rejected)
	w.count.writes()
	for range 50 {
		w.agent.Want(k, User)
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(time.Second)
	if got := fmt.Sprint(w.count.writes()); !strings.HasPrefix(got, "[1× ") && !strings.HasPrefix(got, "[2× ") {
		t.Errorf("in a second and a quarter it tried %v", got)
	}
	f.set(nil)
	w.source(changed) // which need not wait
	w.expect(k, Synced)
}

func TestMemberThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	f.set(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = c.Close()
		}
	})
	keys := many(w, 200)
	eventually.Do(t, 10*time.Second, "a pause", func() error {
		if w.agent.Standing().Paused == "" {
			return fmt.Errorf("it goes on")
		}
		return nil
	})
	w.count.writes()
	time.Sleep(1500 * time.Millisecond)
	if writes := w.count.writes(); len(writes) > 3 {
		t.Errorf("it tried %d objects in a second and a half: %v", len(writes), writes)
	}
	f.set(nil)
	for _, k := range keys {
		w.expect(k, Synced)
	}
	if n := len(api.List(w.kinds["configmaps"], labels.Everything())); n != len(keys) {
		t.Errorf("the member has %d of %d", n, len(keys))
	}
}

func TestUnreachableMemberIsNotAsked(t *testing.T) {
	t.Parallel()
	w, _, _ := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	w.agent.SetReachable(false)
	w.count.writes()
	k := w.source(settings)
	time.Sleep(200 * time.Millisecond)
	if writes := w.count.writes(); len(writes) > 0 || w.agent.Standing().Paused == "" {
		t.Errorf("it wrote %v", writes)
	}
	w.agent.SetReachable(true)
	w.expect(k, Synced)
}

func TestRejectedObjectsAreTriedWhenTheMemberIsBack(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	f.set(refusing(&api, 422, `"reason":"Invalid","message":"bad"`))
	k := w.source(settings)
	w.expect(k, Rejected)
	eventually.Do(t, 20*time.Second, "a long back-off", func() error {
		if n := w.agent.table(k.Kind).look(k.name()).failures(); n < 4 {
			return fmt.Errorf("it has failed %d times", n)
		}
		return nil
	})
	f.set(nil)
	w.agent.SetReachable(false)
	w.agent.SetReachable(true)
	began := time.Now()
	w.expect(k, Synced)
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestMemberThatFailsAtRandomGetsEverything(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	var n atomic.Int64
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 4 {
		case 0:
			refusing(&api, 500, `"reason":"InternalError","message":"etcd"`)(rw, r)
		case 1:
			rw.Header().Set("Retry-After", "1")
			refusing(&api, 429, `"reason":"TooManyRequests","message":"later"`)(rw, r)
		default:
			api.ServeHTTP(rw, r)
		}
	})
	w.run()
	w.source(shire)
	keys := many(w, 20)
	time.Sleep(3 * time.Second)
	f.set(nil)
	for _, k := range keys {
		w.expect(k, Synced)
	}
}

func TestKindThatIsNotServedIsSaidToBe(t *testing.T) {
	t.Parallel()
	w, _, f := newFaulty(t)
	gone := func(rw http.ResponseWriter, r *http.Request) { http.NotFound(rw, r) }
	f.set(gone)
	w.run()
	ns := w.source(shire)
	w.expect(ns, NotServed)
	if !w.agent.Synced("namespaces") {
		t.Error("its copies are not known, although there can be none")
	}
	w.want(ns, Wish{Action: Absent})
	w.expect(ns, Gone)
	w.source(shire)
	w.expect(ns, NotServed)
	w.count.writes()
	f.set(nil)
	w.agent.SetReachable(false)
	w.agent.SetReachable(true)
	w.expect(ns, Synced)
}

func TestNothingIsLeftOfAnAgent(t *testing.T) {
	w, _ := newFake(t, fakeapi.Options{})
	before := runtime.NumGoroutine()
	w.run()
	for id := range w.kinds {
		w.agent.Watch(w.kinds[id])
	}
	ns := w.source(shire)
	w.expect(ns, Synced)
	for _, k := range many(w, 50) {
		w.expect(k, Synced)
	}
	w.end()
	buf := make([]byte, 1<<20)
	eventually.Do(t, 10*time.Second, "goroutines to end", func() error {
		stacks := string(buf[:runtime.Stack(buf, true)])
		if n := strings.Count(stacks, "pkg/delivery.(*"); n > 0 {
			return fmt.Errorf("%d of %d (%d before) are the Agent's", n, runtime.NumGoroutine(), before)
		}
		return nil
	})
}
