package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/shape"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

const (
	fellowship    = "fellowship"
	fellowshipUID = types.UID("0f0f0f0f-0000-4000-8000-000000000001")
)

// world is an Agent, what is wished of it, and its member.
type world struct {
	t       *testing.T
	agent   *Agent
	config  *rest.Config
	count   *counter
	kinds   map[kinds.ID]kinds.Kind
	limits  Limits
	metrics *Metrics
	end     func()
	// reserved is the namespace in which nothing is put.
	reserved string

	mu      sync.Mutex
	wishes  map[Key]Wish
	changed map[Key]int
}

// newWorld returns a world that does not run yet.
func newWorld(t *testing.T, config *rest.Config) *world {
	t.Helper()
	w := &world{
		t: t, config: rest.CopyConfig(config), kinds: map[kinds.ID]kinds.Kind{}, wishes: map[Key]Wish{}, changed: map[Key]int{}, count: &counter{}, end: func() {},
	}
	for _, k := range kinds.Default() {
		w.kinds[k.ID()] = k
	}
	w.config.Wrap(func(rt http.RoundTripper) http.RoundTripper {
		w.count.mu.Lock()
		defer w.count.mu.Unlock()
		return &counting{counter: w.count, next: rt}
	})
	return w
}

// run begins the work of a new Agent, which ends with the test, or with the next.
func (w *world) run() {
	w.t.Helper()
	w.end()
	config := rest.CopyConfig(w.config)
	config.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.agent = New(Options{
		Member:     &members.Member{Name: "gondor", Config: config, Client: client},
		Federation: fellowship, FederationUID: fellowshipUID, Reserved: w.reserved,
		Wish: w.wish, Changed: w.noteChange, Kind: func(id kinds.ID) (kinds.Kind, bool) { k, ok := w.kinds[id]; return k, ok },
		Limits: w.limits, Metrics: w.metrics,
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.agent.Run(ctx) }()
	w.end = func() { cancel(); <-done }
	w.t.Cleanup(w.end)
}

func (w *world) wish(k Key) Wish {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wishes[k]
}

func (w *world) noteChange(k Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed[k]++
}

// want sets the wish of a key, and has it looked at if the Agent runs.
func (w *world) want(k Key, wish Wish) {
	w.mu.Lock()
	w.wishes[k] = wish
	w.mu.Unlock()
	if w.agent != nil {
		w.agent.Want(k, User)
	}
}

// source wishes an object present that is made of JSON without metadata's uid; it returns its key.
func (w *world) source(body string, change ...func(*Wish)) Key {
	w.t.Helper()
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(body), u); err != nil {
		w.t.Fatalf("%s: %v", body, err)
	}
	kind := w.kindOf(u.GetKind())
	k := Key{Kind: kind.ID(), Namespace: u.GetNamespace(), Name: u.GetName()}
	if u.GetUID() == "" {
		u.SetUID(types.UID(fmt.Sprintf("5a5a5a5a-0000-4000-8000-%012x", len(k.String()))))
	}
	template, err := shape.New(kind, u, shape.Marks{Federation: fellowship, FederationUID: fellowshipUID})
	if err != nil {
		w.t.Fatal(err)
	}
	wish := Wish{Action: Present, Source: u.GetUID(), Template: template}
	for _, f := range change {
		f(&wish)
	}
	w.want(k, wish)
	return k
}

func (w *world) kindOf(kind string) kinds.Kind {
	for _, k := range w.kinds {
		if k.Kind == kind {
			return k
		}
	}
	w.t.Fatalf("no kind %s", kind)
	return kinds.Kind{}
}

// expect waits until the key is in the state, and returns its report.
func (w *world) expect(k Key, want State) Report {
	w.t.Helper()
	var r Report
	eventually.Do(w.t, 15*time.Second, fmt.Sprintf("%s to be %s", k, want), func() error {
		if r = w.agent.Report(k); r.State != want {
			return fmt.Errorf("it is %q (%s)", r.State, r.Message)
		}
		return nil
	})
	return r
}

// counter counts requests that write, and those that do not.
type counter struct {
	mu    sync.Mutex
	calls map[string]int // "PATCH /api/v1/…"
}

func (c *counter) note(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[call]++
}

// writes returns the requests since it was called last that were to change something.
func (c *counter) writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for _, call := range slices.Sorted(maps.Keys(c.calls)) {
		if !strings.HasPrefix(call, "GET ") {
			found = append(found, fmt.Sprintf("%d× %s", c.calls[call], call))
		}
	}
	c.calls = nil
	return found
}

// of is how many requests there were for something since writes was called last.
func (c *counter) of(call string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[call]
}

type counting struct {
	*counter
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.note(r.Method + " " + r.URL.Path)
	return c.next.RoundTrip(r)
}
