// Package fakeapi is an API server in memory, as far as whoever propagates objects to a cluster can tell: lists and watches with selectors
// and WatchList, objects as their metadata alone, server-side apply with preconditions and managedFields, merge patches, deletion with
// preconditions. There is no admission, no validation and no authentication. It is small: a thousand of them with a thousand objects each
// fit into a process beside what is measured with them.
//
// Where it is simpler than Kubernetes: an apply replaces all of an object but its status, whoever set it; deletion is immediate; lists are
// not cut into pages; answers are JSON always, which clients take who would rather have something else.
package fakeapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Options say how an API behaves. The zero Options are those of a cluster with nothing in it that answers at once.
type Options struct {
	// Kinds that it serves beside nodes and pods; kinds.Default() if nil.
	Kinds []kinds.Kind
	// Version of Kubernetes; v1.36.3 if "".
	Version string
	// Latency is how long the way to the API and back takes, at this moment. Half of it passes before a request is acted on or an event
	// is sent.
	Latency func() time.Duration
	// Intercept is called with every request before it is acted on. It reports whether it has answered it.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	// Controllers stand for those of a cluster: what the status becomes after some time, when an object was written. None if nil.
	Controllers func(k kinds.Kind, o Object) (status json.RawMessage, after time.Duration)
	// Written is called after every write by a client, from its goroutine.
	Written func(k kinds.Kind, o Object)
	// Parsed is shared by APIs that hold the same objects.
	Parsed *Parsed
}

// API is one cluster's. It is an http.Handler: see Serve.
type API struct {
	o       Options
	id      uint64 // the first part of the UIDs of its objects
	started time.Time

	mu          sync.RWMutex
	version     uint64 // resourceVersion of the last write
	uids        uint64
	collections map[string]*collection // by the path of the kind
}

// ids numbers the APIs of a process, so that no two objects have the same UID.
var ids atomic.Uint64

// New returns an API with the namespaces default and kube-system.
func New(o Options) *API {
	if o.Kinds == nil {
		o.Kinds = kinds.Default()
	}
	if o.Version == "" {
		o.Version = "v1.36.3"
	}
	if o.Parsed == nil {
		o.Parsed = &Parsed{}
	}
	a := &API{o: o, id: ids.Add(1), started: time.Now(), version: 1, collections: map[string]*collection{}}
	served := append([]kinds.Kind{
		{Version: "v1", Resource: "namespaces", Kind: "Namespace"},
		{Version: "v1", Resource: "nodes", Kind: "Node"},
		{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, Status: true},
	}, o.Kinds...)
	for _, k := range served {
		if a.collections[k.Path("", "")] == nil {
			a.collections[k.Path("", "")] = newCollection(k)
		}
	}
	a.furnish()
	return a
}

// Reset takes all objects out, as if the cluster were new. Watches end.
func (a *API) Reset() {
	a.mu.Lock()
	for _, c := range a.collections {
		c.reset(a.version)
	}
	a.mu.Unlock()
	a.furnish()
}

func (a *API) furnish() {
	for _, name := range []string{"default", "kube-system"} {
		body := []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`)
		if _, err := a.write(a.collections[namespacesPath], request{name: name, manager: "kube-apiserver", operation: update}, body); err != nil {
			panic(err) // only what is above could be wrong
		}
	}
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	way := a.way()
	pause(r.Context(), way)
	defer pause(r.Context(), way)
	if a.o.Intercept != nil && a.o.Intercept(w, r) {
		return
	}
	switch r.URL.Path {
	case "/readyz", "/healthz", "/livez":
		_, _ = w.Write([]byte("ok")) // a client that has gone wants no answer
		return
	case "/version":
		answer(w, http.StatusOK, []byte(`{"gitVersion":"`+a.o.Version+`"}`))
		return
	}
	c, req, ok := a.route(r)
	if !ok {
		refuse(w, apierrors.NewGenericServerResponse(http.StatusNotFound, r.Method, schema.GroupResource{}, "", "", 0, true))
		return
	}
	a.serve(w, r, c, req)
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, c *collection, req request) {
	switch {
	case r.Method == http.MethodGet && req.name == "" && isTrue(r.URL.Query().Get("watch")):
		a.watch(w, r, c, req)
	case r.Method == http.MethodGet && req.name == "":
		a.list(w, r, c, req)
	case r.Method == http.MethodGet:
		a.get(w, c, req)
	case r.Method == http.MethodPatch, r.Method == http.MethodPost, r.Method == http.MethodPut:
		a.change(w, r, c, req)
	case r.Method == http.MethodDelete && req.name != "":
		a.remove(w, r, c, req)
	default:
		refuse(w, apierrors.NewMethodNotSupported(c.kind.GroupResource(), strings.ToLower(r.Method)))
	}
}
