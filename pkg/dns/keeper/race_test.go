package keeper_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// Everybody wants, asks and fails at the same time, in real time; in the end all is as wanted last.
func TestMethodsAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	registry := prometheus.NewPedanticRegistry()
	w.options.Metrics = keeper.NewMetrics(registry)
	told := w.options.Changed
	w.options.Changed = func(id string) { // it may ask back
		told(id)
		w.keeper.Status()
		w.keeper.Service(id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.keeper = keeper.New(w.options)
	var running, wanting sync.WaitGroup
	running.Go(func() { w.keeper.Run(ctx) })
	for worker := range 4 {
		wanting.Go(func() {
			for round := range 50 {
				s := service(fmt.Sprintf("web-%d-%d", worker, round%5), "gondor", "rohan")
				s.Backends = s.Backends[round%2:]
				w.keeper.Want(s.ID(), desired(s))
				if round%7 == 0 {
					w.keeper.Want(s.ID(), nil)
				}
				w.keeper.Status()
				time.Sleep(time.Millisecond)
			}
			w.keeper.Known()
			w.keeper.DeleteUnsourced()
		})
	}
	wanting.Wait()
	want := inmemory.New(zone)
	for worker := range 4 {
		for round := 45; round < 50; round++ {
			s := service(fmt.Sprintf("web-%d-%d", worker, round%5), "gondor", "rohan")
			s.Backends = s.Backends[round%2:]
			names := desired(s)
			if round%7 == 0 {
				names = nil
			}
			for _, name := range names {
				for _, set := range append(name.Sets, mark(name.Name, s)) {
					want.Put(zone, set)
				}
			}
		}
	}
	eventually.Do(t, 20*time.Second, "the zone to be as wanted last", func() error {
		if got := w.server.Dump(zone); fmt.Sprint(got) != fmt.Sprint(want.Dump(zone)) {
			return fmt.Errorf("it has %d record sets, %d are wanted", len(got), len(want.Dump(zone)))
		}
		return nil
	})
	cancel()
	running.Wait()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			values[family.GetName()] = m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	if values["federation_dns_zone_ready"] != 1 || values["federation_dns_pending_names"] != 0 || values["federation_dns_change_duration_seconds"] == 0 ||
		int(values["federation_dns_records"]) != w.keeper.Status().Records {
		t.Errorf("metrics = %v, status = %+v", values, w.keeper.Status())
	}
}
