package arrivals_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/arrivals"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// watched serves rows until the client has gone, or the server ends the watch.
func watched(t *testing.T, rows <-chan string) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("labelSelector") != "of=us" || r.URL.Path != "/api/v1/configmaps" {
			http.Error(w, r.URL.String(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusOK)
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case row, ok := <-rows:
				if !ok {
					return
				}
				fmt.Fprintln(w, row)
			}
		}
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL}
}

func added(name string) string {
	return `{"type":"ADDED","object":{"kind":"Table","rows":[{"cells":["` + name + `",3,"5s"]}]}}`
}

var configMaps = kinds.Default()[1:2]

func TestArrivalsAreCountedOnce(t *testing.T) {
	rows := make(chan string, 10)
	watch, err := arrivals.Open(t.Context(), []*rest.Config{watched(t, rows)}, configMaps, "of=us")
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	rows <- added("a")
	rows <- `{"type":"MODIFIED","object":{"kind":"Table","rows":[{"cells":["a",4,"6s"]}]}}`
	rows <- added("b")
	if err := watch.Wait(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	n, first, last := watch.Count()
	if n != 2 || first.After(last) {
		t.Errorf("%d have arrived from %s to %s", n, first, last)
	}
	if at, err := watch.WaitNamed(t.Context(), "b", 1); err != nil || !at.Equal(last) {
		t.Errorf("b has arrived at %s, %v, want %s", at, err, last)
	}
}

func TestWaitEnds(t *testing.T) {
	rows := make(chan string)
	watch, err := arrivals.Open(t.Context(), []*rest.Config{watched(t, rows)}, configMaps, "of=us")
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := watch.Wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without an arrival: %v", err)
	}
	if _, err := watch.WaitNamed(ctx, "a", 2); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "a has arrived in 0 of 2 clusters") {
		t.Errorf("without the arrival of a name: %v", err)
	}
	close(rows)
	if err := watch.Wait(t.Context(), 1); err == nil {
		t.Error("after the watch has ended there is no error")
	}
}

func TestAClusterThatRefusesIsAnError(t *testing.T) {
	if _, err := arrivals.Open(t.Context(), []*rest.Config{watched(t, nil)}, configMaps, "of=others"); err == nil {
		t.Error("no error")
	}
}
