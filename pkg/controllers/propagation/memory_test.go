package propagation

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

func TestTombs(t *testing.T) {
	k := func(i int) delivery.Key { return delivery.Key{Kind: "configmaps", Name: fmt.Sprint(i)} }
	wish := func(i int) delivery.Wish {
		return delivery.Wish{Action: delivery.Absent, Source: types.UID(fmt.Sprint(i))}
	}
	tombs := newTombs(3)
	for i := range 4 {
		tombs.put(k(i), wish(i))
	}
	if _, ok := tombs.get(k(0)); ok {
		t.Error("the oldest of four is remembered by three")
	}
	for i := 1; i < 4; i++ {
		if got, ok := tombs.get(k(i)); !ok || got != wish(i) {
			t.Errorf("deletion %d is remembered as %+v (%t)", i, got, ok)
		}
	}
	tombs.put(k(1), wish(1)) // again: the place that it had before is not its own any more
	tombs.put(k(5), wish(5))
	if _, ok := tombs.get(k(1)); !ok {
		t.Error("a deletion is forgotten with the place of an earlier one of the same name")
	}
	tombs.forget(k(1))
	if _, ok := tombs.get(k(1)); ok {
		t.Error("a deletion that is forgotten is remembered")
	}
}

func TestFlights(t *testing.T) {
	s := newStage(t, "a", "b", "c")
	is := s.see(configMaps, object("motto", selecting("a", "b")))
	if s.flights.awaits("c", is.key) {
		t.Error("a word is awaited of a member that is not selected")
	}
	for _, m := range []string{"a", "b"} {
		seen, ok := s.flights.landed(m, is.key)
		if !ok || !seen.Equal(noon) {
			t.Errorf("in %s it has landed from %s (%t), want %s", m, seen, ok, noon)
		}
		if _, ok := s.flights.landed(m, is.key); ok {
			t.Errorf("in %s it has landed twice", m)
		}
	}
	if len(s.flights.of) > 0 {
		t.Error("a flight that has ended is followed")
	}
	s.see(configMaps, object("motto", saying("other")))
	s.see(configMaps, object("motto", deleting))
	if len(s.flights.of) > 0 {
		t.Error("what is leaving is followed")
	}
}

func TestLanding(t *testing.T) {
	s := newStage(t, "a")
	is := s.see(configMaps, object("motto"))
	s.reported("a", is.key)
	if s.landing.Len() != 1 {
		t.Fatal("a word that is awaited is not listened to")
	}
	for _, report := range []delivery.Report{{State: delivery.Pending, Hash: is.hash}, {State: delivery.Synced, Hash: "of what it was"}} {
		s.agents["a"].reports[is.key] = report
		if s.land(t.Context(), place{"a", is.key}); !s.flights.awaits("a", is.key) {
			t.Errorf("%+v is taken for an arrival", report)
		}
	}
	s.agents["a"].reports[is.key] = delivery.Report{State: delivery.Synced, Hash: is.hash}
	if s.land(t.Context(), place{"a", is.key}); s.flights.awaits("a", is.key) {
		t.Error("what has arrived is awaited")
	}
}

func TestWaits(t *testing.T) {
	w, k := newWaits(), delivery.Key{Kind: "configmaps", Name: "motto"}
	if got := w.begun(k, noon); !got.Equal(noon) {
		t.Errorf("begun at %s, want %s", got, noon)
	}
	if got := w.begun(k, noon.Add(time.Minute)); !got.Equal(noon) {
		t.Errorf("begun at %s when asked again, want %s", got, noon)
	}
	if w.released(k, "uid") {
		t.Error("what has just begun to leave is let go")
	}
	if w.release(k, "uid"); !w.released(k, "uid") || w.released(k, "another") {
		t.Error("what was let go is not, or another is")
	}
	if w.forget(k); w.released(k, "uid") || len(w.of) > 0 {
		t.Error("what is forgotten is remembered")
	}
}
