package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// series are the names of what is told at the moment, with the values of all labels but the cluster's.
func series(t *testing.T, registry *prometheus.Registry) []string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			words := []string{f.GetName()}
			for _, l := range m.GetLabel() {
				words = append(words, l.GetValue())
			}
			found = append(found, strings.Join(words, " "))
		}
	}
	return found
}

func TestMetricsEndWithTheirMember(t *testing.T) {
	t.Parallel()
	w, api := newFake(t, fakeapi.Options{})
	registry := prometheus.NewRegistry()
	w.metrics = NewMetrics(registry)
	if err := api.Put(w.kinds["configmaps"], "somebody", []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"default"}}`)); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.expect(w.source(strings.Replace(settings, "shire", "default", 1)), Conflict)
	k := w.source(strings.Replace(settings, `"settings","namespace":"shire"`, `"others","namespace":"default"`, 1))
	w.expect(k, Synced)
	api.Delete(w.kinds["configmaps"], "default", "others")
	wanted := []string{
		"federation_delivery_queue_depth gondor user", "federation_delivery_queue_depth gondor recheck", "federation_delivery_apply_duration_seconds gondor",
		"federation_delivery_requests_total gondor 201 apply", "federation_delivery_requests_total gondor 409 apply", "federation_delivery_requests_total gondor 200 list",
		"federation_delivery_conflicts gondor", "federation_delivery_drift_corrections_total gondor", "federation_copies_held gondor",
	}
	eventually.Do(t, 10*time.Second, "all series", func() error {
		found := series(t, registry)
		for _, s := range wanted {
			if !slices.Contains(found, s) {
				return fmt.Errorf("%s is not among %q", s, found)
			}
		}
		return nil
	})
	w.end()
	if found := series(t, registry); len(found) > 0 {
		t.Errorf("of a member that has left there is still %q", found)
	}
}

// gauges are the values of what an Agent's metrics say of the states of keys.
func gauges(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			values[f.GetName()] = m.GetGauge().GetValue()
		}
	}
	return values
}

// Somebody is called while they are not zero, and where nothing changes any more nothing would tell them anew.
func TestCountsOfAKindThatIsFederatedNoMoreEnd(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	a := New(Options{
		Member: &members.Member{Name: "gondor"}, Metrics: NewMetrics(registry),
		Kind: func(kinds.ID) (kinds.Kind, bool) { return kinds.Kind{}, false },
	})
	configMaps := a.follower(kinds.Kind{Version: "v1", Resource: "configmaps", Namespaced: true}, listing)
	for key, state := range map[string]State{"rival": Conflict, "orphan": Held} {
		configMaps.change(name{"default", key}, func(r *record) {
			a.counts.move(r.state, state)
			r.state = state
		})
	}
	a.tellCounts()
	for _, step := range []struct {
		drop bool
		want float64
	}{{drop: false, want: 1}, {drop: true, want: 0}} {
		if step.drop && !a.dropped(configMaps) {
			t.Fatal("the kind is followed still")
		}
		is := gauges(t, registry)
		for _, metric := range []string{"federation_delivery_conflicts", "federation_copies_held"} {
			if is[metric] != step.want {
				t.Errorf("%s is %v, want %v; dropped: %t", metric, is[metric], step.want, step.drop)
			}
		}
	}
}

// Who works on a key meanwhile tells the table that it began with.
func TestATableThatIsThrownAwayCountsForNobody(t *testing.T) {
	t.Parallel()
	a := New(Options{
		Member: &members.Member{Name: "gondor"}, Changed: func(Key) {},
		Kind: func(kinds.ID) (kinds.Kind, bool) { return kinds.Kind{}, false },
	})
	k := kinds.Kind{Version: "v1", Resource: "configmaps", Namespaced: true}
	work := func(state State, key string) {
		j := &job{Agent: a, t: a.follower(k, listing), kind: k, key: Key{Kind: k.ID(), Namespace: "default", Name: key}, n: name{"default", key}}
		if !a.dropped(j.t) {
			t.Fatal("the kind is followed still")
		}
		j.conclude(attempt{}, verdict{state: state})
	}
	work(Conflict, "rival")
	work(Held, "orphan")
	if conflicts, held := a.counts.conflicts.Load(), a.Standing().Held; conflicts != 0 || held != 0 {
		t.Errorf("%d conflicts and %d copies held, of keys that there are not", conflicts, held)
	}
}
