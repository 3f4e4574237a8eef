package waitfor

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRunReturnsOnceTheAnswerIsOK(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if err := Run(t.Context(), Options{URL: server.URL}); err != nil {
		t.Fatal(err)
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
}

func TestRunTellsWhatItLastHeard(t *testing.T) {
	unready := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer unready.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := []struct{ name, url, want string }{
		{"a server that is not ready", unready.URL, "503"},
		{"a server that is not there", gone.URL, "connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
			defer cancel()
			err := Run(ctx, Options{URL: tt.url})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("error %v, want that the time is up", err)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.url) {
				t.Errorf("the error names neither %q nor the URL: %v", tt.want, err)
			}
		})
	}
}

func TestValidateWantsAURL(t *testing.T) {
	for _, bad := range []string{"", "etcd:2381", "ftp://etcd/"} {
		if err := (Options{URL: bad}).Validate(); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if err := (Options{URL: "http://etcd:2381/readyz"}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestTheOtherWayIsAsGood(t *testing.T) {
	unready := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer unready.Close()
	var asked atomic.Int32
	ready := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer ready.Close()
	if err := Run(t.Context(), Options{URL: unready.URL, Other: ready.URL}); err != nil || asked.Load() != 1 {
		t.Errorf("after %d questions: %v", asked.Load(), err)
	}
	began := time.Now()
	if err := Run(t.Context(), Options{URL: ready.URL, Other: unready.URL}); err != nil || time.Since(began) >= firstOther {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), firstOther+200*time.Millisecond)
	defer cancel()
	if err := Run(ctx, Options{URL: unready.URL, Other: unready.URL}); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "503") {
		t.Errorf("neither is ready: %v", err)
	}
}
