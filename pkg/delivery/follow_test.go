package delivery

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

func isWatch(r *http.Request) bool { return r.URL.Query().Get("watch") == "true" }

func TestWatchesThatFailAreTriedLessAndLessOften(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	var mu sync.Mutex
	var tries []time.Time
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if !isWatch(r) {
			api.ServeHTTP(rw, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		tries = append(tries, time.Now())
		rw.WriteHeader(http.StatusInternalServerError)
	})
	w.run()
	w.expect(w.source(shire), Synced)
	eventually.Do(t, 30*time.Second, "four tries", func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(tries) < 4 {
			return fmt.Errorf("there were %d", len(tries))
		}
		return nil
	})
	if rest := tries[3].Sub(tries[2]); rest < 4*shortestRest*4/5 { // less a fifth
		t.Errorf("the fourth comes %s after the third", rest)
	}
}

// Behind a firewall that drops packets nothing says that a member is away.
func TestWatchesWithoutAnAnswerAreFailuresOfTheMember(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	registry := prometheus.NewRegistry()
	w.limits.RequestTimeout, w.metrics = 500*time.Millisecond, NewMetrics(registry)
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if isWatch(r) {
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(rw, r)
	})
	w.run()
	w.expect(w.source(shire), Synced)
	eventually.Do(t, 20*time.Second, "a watch to be counted as one without an answer", func() error {
		if all := series(t, registry); !slices.Contains(all, "federation_delivery_requests_total gondor 0 watch") {
			return fmt.Errorf("there are %q", all)
		}
		return nil
	})
}

func TestWatchesRestWhileTheMemberIsLeftAlone(t *testing.T) {
	t.Parallel()
	w, _, _ := newFaulty(t)
	w.run()
	w.agent.gate.tell(throttled, time.Now(), time.Minute, "busy")
	table := newTable(lens{kind: w.kinds["secrets"]})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.agent.pause(t.Context(), table, time.Millisecond)
	}()
	select {
	case <-ended:
		t.Error("it rests no longer than it would otherwise")
	case <-time.After(200 * time.Millisecond):
		table.wake()
		<-ended
	}
}

// Somebody sees that a right is missing, gives it, and wants to see that it was that.
func TestMissingRightsAreAskedForOftenAtFirst(t *testing.T) {
	t.Parallel()
	w, _, _ := newFaulty(t)
	w.run()
	table := newTable(lens{kind: w.kinds["secrets"]})
	no := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", nil)
	var rests []time.Duration
	for range 6 {
		rests = append(rests, w.agent.unfollowed(table, no, 0))
	}
	if want := []time.Duration{5e9, 10e9, 20e9, 40e9, 60e9, 60e9}; !slices.Equal(rests, want) {
		t.Errorf("it is asked again after %v, want %v", rests, want)
	}
}

func TestARightThatIsGivenHasOthersAskedForAgain(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	f.set(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusForbidden)
		_, _ = rw.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}`))
	})
	w.run()
	ns, k := w.source(shire), w.source(settings)
	w.expect(ns, Forbidden)
	w.expect(k, Forbidden)
	eventually.Do(t, 30*time.Second, "both to be refused again", func() error {
		for _, id := range []kinds.ID{ns.Kind, k.Kind} {
			if n := w.count.of("GET " + w.kinds[id].Path("", "")); n < 2 {
				return fmt.Errorf("%s was %d times", id, n)
			}
		}
		return nil
	})
	f.set(api.ServeHTTP)
	began := time.Now()
	w.agent.table(ns.Kind).wake()
	w.expect(k, Synced)
	if took := time.Since(began); took > shortestForbidden {
		t.Errorf("it took %s", took)
	}
}

// What is on its way out, or never was there, leaves nothing behind that would be kept for ever.
func TestNothingIsNotedOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w, _ := newFake(t, fakeapi.Options{})
	w.run()
	w.expect(w.source(shire), Synced)
	k := Key{Kind: "namespaces", Name: "mordor"}
	w.agent.hold(k, "held")
	table := w.agent.table(k.Kind)
	table.mu.Lock()
	defer table.mu.Unlock()
	if r := table.records[k.name()]; r != nil {
		t.Errorf("noted is %+v", r)
	}
}
