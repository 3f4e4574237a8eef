package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/ci/bench/internal/stubs"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// flipRun is of endpoints that become ready, or are not any more.
type flipRun struct {
	Services int     `json:"services"`
	Flips    int     `json:"flips"`
	Rate     float64 `json:"rate"` // a second
	P50      float64 `json:"p50Seconds"`
	P99      float64 `json:"p99Seconds"`
	Max      float64 `json:"maxSeconds"`
	FloorP50 float64 `json:"floorP50Seconds"` // from a write straight to etcd until the answer has it
	FloorP99 float64 `json:"floorP99Seconds"`
	Share    float64 `json:"cpuPercent"` // of a core, of the controller manager
	spent
}

// flipped is the endpoint of a Service in a member.
type flipped struct {
	service types.NamespacedName
	member  int
}

// flipsOf chooses so many endpoints, each of another Service as long as there are any. All differ, if there are as many.
func flipsOf(services []types.NamespacedName, members, count int) []flipped {
	all := make([]flipped, count)
	for i := range all {
		round, service := i/len(services), i%len(services)
		all[i] = flipped{services[service], (round + service) % members}
	}
	return all
}

// flip measures from a member's event until CoreDNS' answer for the name of the member's zone is another. There is no cache between it and etcd.
func (b *dnsBench) flip(ctx context.Context, n *named, results *dnsResults) error {
	ctx, cancel := n.whileRunning(ctx, b.limit)
	defer cancel()
	endpoints := flipsOf(n.services, len(n.members), (b.flips+1)/2)
	floor, err := n.zone.floorAnswers(ctx, b.floorAsks)
	if err != nil {
		return err
	}
	if err := n.rest(ctx); err != nil {
		return err
	}
	before, err := n.now(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	var took []time.Duration
	for _, ready := range []bool{false, true} { // all go, and then come back
		some, err := n.flipAll(ctx, endpoints, ready, b.flipRate, b.patience)
		if err != nil {
			return err
		}
		took = append(took, some...)
	}
	during := time.Since(began)
	if err := n.rest(ctx); err != nil {
		return err
	}
	cost, err := n.spentSince(ctx, before)
	if err != nil {
		return err
	}
	run := flipRun{
		Services: len(n.services), Flips: len(took), Rate: b.flipRate,
		P50: median(took).Seconds(), P99: p99(took).Seconds(), Max: maximum(took).Seconds(), FloorP50: median(floor).Seconds(), FloorP99: p99(floor).Seconds(),
		Share: 100 * cost.CPU / during.Seconds(), spent: cost,
	}
	results.Flips = &run
	fmt.Fprintf(os.Stderr, "%d flips: P50 %.3fs, P99 %.3fs; floor %.3fs and %.3fs\n", run.Flips, run.P50, run.P99, run.FloorP50, run.FloorP99)
	return nil
}

// flipAll makes endpoints ready, or not, at a rate, and returns how long each answer took.
func (n *named) flipAll(ctx context.Context, endpoints []flipped, ready bool, rate float64, patience time.Duration) ([]time.Duration, error) {
	all, ctx := errgroup.WithContext(ctx)
	began, took := time.Now(), make([]time.Duration, len(endpoints))
	var failed error
	for i, e := range endpoints {
		if failed = sleep(ctx, time.Until(began.Add(time.Duration(float64(i)/rate*float64(time.Second))))); failed != nil {
			break
		}
		all.Go(func() (err error) {
			took[i], err = n.flipOne(ctx, e, ready, patience)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return took, failed
}

func (n *named) flipOne(ctx context.Context, e flipped, ready bool, patience time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the flip takes longer than --patience"))
	defer cancel()
	a, err := n.zone.asker()
	if err != nil {
		return 0, err
	}
	defer a.close()
	place := n.places[e.member]
	name := dns.Naming{Federation: federationName, Suffix: zoneName}.Name(e.service.Namespace, e.service.Name, dns.Place{Region: place.Region, Zone: place.Zones[0]})
	began := time.Now()
	if err := n.members[e.member].SetReady(e.service.Namespace, e.service.Name, ready); err != nil {
		return 0, err
	}
	err = a.untilLeads(ctx, name, stubs.Address(e.member, e.service.Namespace, e.service.Name).String(), ready)
	return time.Since(began), err
}
