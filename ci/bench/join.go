package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

// joinBench measures what it takes to become a member.
type joinBench struct {
	bench
	member        string // kubeconfig context
	joins         int
	registrations int
}

func (b *joinBench) flags(f *flag.FlagSet) {
	f.StringVar(&b.member, "cluster-context", "gondor", "kubeconfig context of the member, which has real nodes: its DNS learns the federation's names")
	f.IntVar(&b.joins, "joins", 5, "how often the member is joined and taken out; the medians count")
	f.IntVar(&b.registrations, "registrations", 20, "how many Clusters are registered, one after the other")
}

// joined is a run of `fedhelm join` and one of `fedhelm unjoin`.
type joined struct {
	steps        []step
	join, unjoin time.Duration
}

// registered is how long a Cluster took to be Ready, and the floor just before.
type registered struct {
	latency, floor time.Duration
}

func (b *joinBench) run(ctx context.Context) (err error) {
	b.namespace = "fedhelm-bench-join"
	defer func() { err = errors.Join(err, b.remove(ctx)) }()
	// A zone, so that the member's DNS is a part of joining.
	if _, err := b.call(ctx, "init", federationName, "--dns-zone-name=example.com."); err != nil {
		return err
	}
	defer func() {
		_, undo := b.call(context.WithoutCancel(ctx), "unjoin", b.member)
		err = errors.Join(err, undo)
	}()
	var whole []joined
	for i := range b.joins {
		j, err := b.once(ctx)
		if err != nil {
			return fmt.Errorf("join %d: %w", i+1, err)
		}
		fmt.Fprintf(os.Stderr, "join %d of %d: %.1fs, unjoin %.1fs\n", i+1, b.joins, j.join.Seconds(), j.unjoin.Seconds())
		whole = append(whole, j)
	}
	// Joined once more, it has the credential and the address that the Clusters are registered with.
	if _, err := b.call(ctx, "join", b.member); err != nil {
		return err
	}
	registrations, err := b.register(ctx)
	if err != nil {
		return err
	}
	return reportJoin(os.Stdout, whole, registrations)
}

// once joins the member and takes it out.
func (b *joinBench) once(ctx context.Context) (j joined, err error) {
	start := time.Now()
	said, err := b.call(ctx, "join", b.member)
	if err != nil {
		return j, err
	}
	j.join, j.steps = time.Since(start), parseSteps(said)
	start = time.Now()
	_, err = b.call(ctx, "unjoin", b.member)
	j.unjoin = time.Since(start)
	return j, err
}

// register registers Clusters, each with a Secret of its own, and leaves them registered until all are: the controller manager
// looks after those that there are beside the new one.
func (b *joinBench) register(ctx context.Context) (all []registered, err error) {
	r, err := b.registrar(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.remove(context.WithoutCancel(ctx))) }()
	for i := range b.registrations {
		name := fmt.Sprintf("member-%02d", i+1)
		var m registered
		if m.floor, err = r.floor(ctx, name); err != nil {
			return nil, fmt.Errorf("floor of %s: %w", name, err)
		}
		if m.latency, err = r.register(ctx, name); err != nil {
			return nil, fmt.Errorf("register %s: %w", name, err)
		}
		fmt.Fprintf(os.Stderr, "registration %d of %d: Ready after %s, floor %s\n", i+1, b.registrations,
			m.latency.Round(time.Millisecond), m.floor.Round(time.Millisecond))
		all = append(all, m)
	}
	return all, nil
}

// registrar copies what joining the member has made.
func (b *joinBench) registrar(ctx context.Context) (*registrar, error) {
	config, err := b.config(b.host)
	if err != nil {
		return nil, err
	}
	r := &registrar{ref: federation.Ref{Name: federationName, Namespace: b.namespace}}
	if r.host, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if r.api, err = federation.OpenAPI(ctx, r.host, r.ref, func(c *rest.Config) { c.QPS = -1 }); err != nil {
		return nil, err
	}
	return r, r.learn(ctx, b.member)
}
