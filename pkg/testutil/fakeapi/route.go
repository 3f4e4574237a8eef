package fakeapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// namespacesPath is where namespaces are.
const namespacesPath = "/api/v1/namespaces"

// request is what the path, the query and the headers of one say.
type request struct {
	namespace, name, subresource string

	manager   string
	operation string
	metadata  bool // only metadata is asked for
}

// route finds out what a request is about.
func (a *API) route(r *http.Request) (*collection, request, bool) {
	req := request{
		manager: r.URL.Query().Get("fieldManager"), operation: update,
		metadata: strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata"),
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	prefix := 2 // api/VERSION
	if parts[0] == "apis" {
		prefix = 3 // apis/GROUP/VERSION
	}
	if len(parts) <= prefix {
		return nil, req, false
	}
	root, rest := "/"+strings.Join(parts[:prefix], "/")+"/", parts[prefix:]
	if rest[0] == "namespaces" && len(rest) > 2 {
		if c := a.collections[root+rest[2]]; c != nil && c.kind.Namespaced {
			req.namespace, rest = rest[1], rest[2:]
		}
	}
	c := a.collections[root+rest[0]]
	if c == nil || len(rest) > 3 {
		return nil, req, false
	}
	if len(rest) > 1 {
		req.name = rest[1]
	}
	if len(rest) > 2 {
		req.subresource = rest[2]
	}
	return c, req, true
}

// way is half of what a request takes.
func (a *API) way() time.Duration {
	if a.o.Latency == nil {
		return 0
	}
	return a.o.Latency() / 2
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func isTrue(s string) bool { return s == "true" || s == "1" }

func answer(w http.ResponseWriter, code int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) //nolint:gosec // JSON, and for programs; a client that has gone wants no answer
}

// refuse answers with a Status.
func refuse(w http.ResponseWriter, err error) {
	status := statusOf(err)
	body, err := json.Marshal(&status)
	if err != nil {
		panic(err) // a Status can always be encoded
	}
	answer(w, int(status.Code), body)
}

func statusOf(err error) metav1.Status {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		known = apierrors.NewBadRequest(err.Error())
	}
	status := known.Status()
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return status
}
