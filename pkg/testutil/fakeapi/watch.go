package fakeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"
)

// bookmarkPeriod is how often a watch is told how far it has come, as an API server does.
const bookmarkPeriod = time.Minute

// watcher is a watch under way.
type watcher struct {
	api   *API
	c     *collection
	req   request
	match match

	bookmarks bool
	version   uint64 // of the last event sent
	out       []byte // not written yet
}

func (a *API) watch(w http.ResponseWriter, r *http.Request, c *collection, req request) {
	m, err := matchOf(r, req)
	if err != nil {
		refuse(w, err)
		return
	}
	q := r.URL.Query()
	x := &watcher{api: a, c: c, req: req, match: m, bookmarks: isTrue(q.Get("allowWatchBookmarks"))}
	from := q.Get("resourceVersion")
	switch streaming := isTrue(q.Get("sendInitialEvents")); {
	case streaming || from == "" || from == "0":
		x.begin(streaming)
	default:
		if x.version, err = strconv.ParseUint(from, 10, 64); err != nil {
			refuse(w, apierrors.NewBadRequest("invalid resource version "+strconv.Quote(from)))
			return
		}
	}
	var limit <-chan time.Time
	if seconds, err := strconv.Atoi(q.Get("timeoutSeconds")); err == nil && seconds > 0 {
		limit = time.After(time.Duration(seconds) * time.Second)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	x.run(r, w, limit)
}

// run sends what there is, and then what happens, until the client has gone, or what it would need to know is no longer known.
func (x *watcher) run(r *http.Request, w http.ResponseWriter, limit <-chan time.Time) {
	flush := http.NewResponseController(w)
	bookmark := time.NewTicker(bookmarkPeriod)
	defer bookmark.Stop()
	for {
		changed, ok := x.collect()
		if len(x.out) > 0 || !ok {
			if _, err := w.Write(x.out); err != nil || !ok {
				return
			}
			x.out = x.out[:0]
		}
		if flush.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-limit:
			return
		case <-bookmark.C:
			if x.bookmarks {
				x.bookmark("")
			}
		case <-changed:
			pause(r.Context(), x.api.way())
		}
	}
}

// begin sends all that is there as if it were made now.
func (x *watcher) begin(streaming bool) {
	x.api.mu.RLock()
	x.version = x.api.version
	found := x.c.all(x.match)
	x.api.mu.RUnlock()
	for _, o := range found {
		x.add(watch.Added, o)
	}
	if streaming {
		x.bookmark(`,"annotations":{"k8s.io/initial-events-end":"true"}`)
	}
}

// collect adds what has happened, and returns what is closed when more does. ok is false when the watch has to end.
func (x *watcher) collect() (changed <-chan struct{}, ok bool) {
	x.api.mu.RLock()
	events, ok := x.c.after(x.version)
	changed, now := x.c.changed, x.api.version
	x.api.mu.RUnlock()
	if !ok {
		x.fail(apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d", x.version)))
		return nil, false
	}
	for _, e := range events {
		before, after := x.matches(e.before), x.matches(e.after)
		switch {
		case before && after:
			x.add(watch.Modified, e.after)
		case after:
			x.add(watch.Added, e.after)
		case before:
			gone := *e.before
			gone.version = e.version
			x.add(watch.Deleted, &gone)
		}
	}
	x.version = now
	return changed, true
}

func (x *watcher) matches(o *object) bool {
	return o != nil && x.match.object(id{o.namespace, o.name}, o)
}

func (x *watcher) add(t watch.EventType, o *object) {
	x.out = append(x.out, `{"type":"`+string(t)+`","object":`...)
	x.out = x.api.appendObject(x.out, x.c.kind, o, x.req.metadata)
	x.out = append(x.out, "}\n"...)
}

// bookmark says how far the watch is; more are further members of the metadata.
func (x *watcher) bookmark(more string) {
	kind, apiVersion := x.c.kind.Kind, x.c.kind.GroupVersionKind().GroupVersion().String()
	if x.req.metadata {
		kind, apiVersion = "PartialObjectMetadata", "meta.k8s.io/v1"
	}
	x.out = fmt.Appendf(x.out, `{"type":"BOOKMARK","object":{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"%d","creationTimestamp":null%s}}}`+"\n",
		kind, apiVersion, x.version, more)
}

func (x *watcher) fail(err error) {
	status := statusOf(err)
	body, err := json.Marshal(&status)
	if err != nil {
		panic(err) // a Status can always be encoded
	}
	x.out = fmt.Appendf(x.out, `{"type":"ERROR","object":%s}`+"\n", body)
}
