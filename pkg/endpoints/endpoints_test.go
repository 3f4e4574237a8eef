package endpoints

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

var endpointSlices = kinds.Kind{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices", Kind: "EndpointSlice", Namespaced: true}

// world is a member that is followed.
type world struct {
	t     *testing.T
	api   *fakeapi.API
	table *table
	lists atomic.Int32

	mu   sync.Mutex
	told []types.NamespacedName
}

// follow follows a member until the test ends. Intercept may be nil.
func follow(t *testing.T, intercept func(w http.ResponseWriter, r *http.Request) bool) *world {
	t.Helper()
	w := &world{t: t, table: newTable()}
	w.api = fakeapi.New(fakeapi.Options{Kinds: []kinds.Kind{endpointSlices}, Intercept: func(rw http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "endpointslices") && r.URL.Query().Get("watch") == "" {
			w.lists.Add(1)
		}
		return intercept != nil && intercept(rw, r)
	}})
	server := fakeapi.Serve(w.api)
	t.Cleanup(server.Close)
	config := server.Config()
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{
		Options: &Options{Federation: "fellowship", Changed: w.note, Clock: clock.RealClock{}},
		member:  &members.Member{Name: "gondor", Client: client}, table: w.table,
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return w
}

func (w *world) note(_ string, service types.NamespacedName) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, service)
}

func (w *world) put(name, federation, service string, ready ...bool) {
	w.t.Helper()
	var endpoints []string
	for _, r := range ready {
		endpoints = append(endpoints, fmt.Sprintf(`{"addresses":["10.0.0.1"],"conditions":{"ready":%t}}`, r))
	}
	body := fmt.Sprintf(`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"namespace":"default","name":%q,"labels":{
		"federation.fedhelm.io/propagated-by":%q,"kubernetes.io/service-name":%q}},"addressType":"IPv4","endpoints":[%s]}`,
		name, federation, service, strings.Join(endpoints, ","))
	if err := w.api.Put(endpointSlices, "endpointslice-controller", []byte(body)); err != nil {
		w.t.Fatal(err)
	}
}

// becomes waits until so many endpoints are ready, and that is known.
func (w *world) becomes(service string, want int, what Knowledge) {
	w.t.Helper()
	eventually.Do(w.t, 10*time.Second, fmt.Sprintf("%s to have %d endpoints", service, want), func() error {
		if n, k := w.table.ready(name(service)); n != want || k != what {
			return fmt.Errorf("it has %d, knowledge %d", n, k)
		}
		return nil
	})
}

func TestFollow(t *testing.T) {
	w := follow(t, nil)
	w.becomes("web", 0, Known)
	w.put("web-1", "fellowship", "web", true, false)
	w.becomes("web", 1, Known)
	w.put("web-1", "fellowship", "web", false, false)
	w.becomes("web", 0, Known)
	w.put("other-1", "council", "other", true)
	w.put("web-2", "fellowship", "web", true)
	w.becomes("web", 1, Known)
	w.api.Delete(endpointSlices, "default", "web-2")
	w.becomes("web", 0, Known)
	if n, _ := w.table.ready(name("other")); n != 0 {
		t.Errorf("another federation's Service has %d endpoints", n)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	want := []types.NamespacedName{{}, name("web"), name("web"), name("web"), name("web")}
	if !slices.Equal(w.told, want) {
		t.Errorf("told %v, want %v", w.told, want)
	}
}

func TestFollowListsAgainAfterAWatchThatWasCut(t *testing.T) {
	w := follow(t, nil)
	w.becomes("web", 0, Known)
	w.put("web-1", "fellowship", "web", true)
	w.becomes("web", 1, Known)
	w.api.Reset() // as a cluster that was given another's data
	w.becomes("web", 0, Known)
	if n := w.lists.Load(); n < 2 {
		t.Errorf("listed %d times", n)
	}
}

func TestFollowOfAMemberThatForbidsIt(t *testing.T) {
	w := follow(t, func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusForbidden)
		_, _ = rw.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"no"}`))
		return true
	})
	w.becomes("web", 0, Forbidden)
}

func TestFollowOfAMemberThatListsTooMuch(t *testing.T) {
	nonsense := []byte(`{"metadata":{"resourceVersion":"7"},"items":[` + strings.Repeat("{},", 100_100) + `{}]}`)
	w := follow(t, func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("watch") != "" {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(nonsense)
		return true
	})
	eventually.Do(t, 10*time.Second, "the member to be distrusted", func() error {
		w.table.mu.RLock()
		defer w.table.mu.RUnlock()
		if !w.table.said {
			return errors.New("it is not")
		}
		return nil
	})
	w.becomes("web", 0, Unknown)
	if n := w.lists.Load(); n != 1 {
		t.Errorf("it was asked %d times within a moment", n)
	}
}

func TestFollowOfAMemberThatFailsForAWhile(t *testing.T) {
	var fails atomic.Int32
	fails.Store(2)
	w := follow(t, func(rw http.ResponseWriter, _ *http.Request) bool {
		if fails.Add(-1) < 0 {
			return false
		}
		http.Error(rw, "overloaded", http.StatusInternalServerError)
		return true
	})
	if _, k := w.table.ready(name("web")); k != Unknown {
		t.Errorf("knowledge %d before it has answered", k)
	}
	w.becomes("web", 0, Known)
}

func TestReadyOfAMemberThatIsNone(t *testing.T) {
	f := New(Options{Federation: "fellowship", Members: members.New(members.Options{}), Changed: func(string, types.NamespacedName) {}})
	if n, k := f.Ready("mordor", name("web")); n != 0 || k != Unknown {
		t.Errorf("Ready = %d, %d", n, k)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Start(ctx) }()
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error(errors.New("it does not end"))
	}
}
