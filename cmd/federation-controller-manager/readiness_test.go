package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
)

// impatient is a readiness that has begun and holds nothing back.
func impatient(t *testing.T, host string, log logr.Logger) *readiness {
	t.Helper()
	r, err := newReadiness(&rest.Config{Host: host}, log)
	if err != nil {
		t.Fatal(err)
	}
	r.held.Patience = 0
	r.begin()
	return r
}

func TestReadiness(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		want   string // what the error says; "" for ready
	}{
		{name: "ready when Clusters are served", status: 200, body: `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"federation.fedhelm.io/v1beta1","resources":[{"name":"clusters","kind":"Cluster"}]}`},
		{name: "not ready when the group has no Clusters", status: 200, body: `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"federation.fedhelm.io/v1beta1","resources":[]}`, want: "does not serve Clusters"},
		{name: "not ready before the CRD is there", status: 404, body: `404 page not found`, want: "federation.fedhelm.io/v1beta1"},
		{name: "not ready when credentials are refused", status: 401, body: `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`, want: "Unauthorized"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/apis/federation.fedhelm.io/v1beta1" {
					t.Errorf("asked for %s", r.URL)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			defer api.Close()
			r := impatient(t, api.URL, logr.Discard())
			err := r.check(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("not ready: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("check = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestReadinessOfAnAPIThatIsAway(t *testing.T) {
	r := impatient(t, "https://127.0.0.1:1", logr.Discard())
	if err := r.ask(t.Context()); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("ask = %v, want the reason", err)
	}
}

func TestReadinessLogsWhatChanges(t *testing.T) {
	status := http.StatusNotFound
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"federation.fedhelm.io/v1beta1","resources":[{"name":"clusters","kind":"Cluster"}]}`)
	}))
	defer api.Close()
	var out bytes.Buffer
	r := impatient(t, api.URL, logging{format: "json"}.logger(&out))
	for _, s := range []struct {
		status int
		want   string // "" for nothing new
	}{{404, "Not ready"}, {404, ""}, {200, `"Ready"`}, {200, ""}, {503, "Not ready"}} {
		out.Reset()
		status = s.status
		if err := r.check(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil)); (err == nil) != (s.status == 200) {
			t.Errorf("status %d: %v", s.status, err)
		}
		if (out.Len() == 0) != (s.want == "") || !strings.Contains(out.String(), s.want) {
			t.Errorf("status %d: logged %q, want %q", s.status, out.String(), s.want)
		}
	}
}

func TestReadinessIsAnsweredWhenItComes(t *testing.T) {
	served := false
	asked := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		if !served {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(w, `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"federation.fedhelm.io/v1beta1","resources":[{"name":"clusters","kind":"Cluster"}]}`)
	}))
	defer api.Close()
	r := impatient(t, api.URL, logr.Discard())
	r.held.Patience = time.Minute
	r.began.Store(false)
	time.AfterFunc(100*time.Millisecond, func() { served = true; r.begin() })
	probe := func() error {
		return r.check(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	}
	if err := probe(); err != nil || asked != 1 {
		t.Errorf("after %d questions %v, want a yes as soon as the manager has begun", asked, err)
	}
	served = false
	if err := probe(); err == nil || asked != 2 {
		t.Errorf("after %d questions %v, want the first no", asked, err)
	}
}
