package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// awayRun is of a member that goes out of all names, or comes back.
type awayRun struct {
	What     string  `json:"what"`
	Services int     `json:"services"`
	Names    int     `json:"names"`           // that are others thereby
	Written  float64 `json:"writtenSeconds"`  // until etcd had the last record
	Answered float64 `json:"answeredSeconds"` // until CoreDNS had answered all these names right, which are asked for from Written on
	spent
}

// drain takes a member out, and lets it back in.
func (b *dnsBench) drain(ctx context.Context, n *named, results *dnsResults) error {
	const member = 0
	all, without := n.wanted(n.services), n.wanted(n.services, member)
	for _, step := range []struct {
		what, annotation string
		before, after    []dns.Wanted
	}{{"drained", "true", all, without}, {"let back in", "false", without, all}} {
		run, err := b.moved(ctx, n, step.what, step.before, step.after, func() error {
			_, err := n.api.Annotate(ctx, n.members[member].Name, fedv1beta1.AnnotationDNSDrain, step.annotation)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s is to be %s: %w", n.members[member].Name, step.what, err)
		}
		results.Away = append(results.Away, run)
	}
	return nil
}

// lose ends the last member's API server, for good.
func (b *dnsBench) lose(ctx context.Context, n *named, results *dnsResults) error {
	member, began := len(n.members)-1, time.Now()
	run, err := b.moved(ctx, n, "lost", n.wanted(n.services), n.wanted(n.services, member), func() error {
		n.members[member].Close()
		return nil
	})
	if err != nil {
		return err
	}
	cluster, err := n.api.Get(ctx, n.members[member].Name)
	if err != nil {
		return err
	}
	run.What = fmt.Sprintf("lost; the grace is %s", b.grace)
	if ready := meta.FindStatusCondition(cluster.Status.Conditions, fedv1beta1.ClusterReady); ready != nil {
		run.What = fmt.Sprintf("lost; not Ready after %.0f s, and the grace is %s", ready.LastTransitionTime.Sub(began).Seconds(), b.grace)
	}
	results.Away = append(results.Away, run)
	return nil
}

// moved measures until names are as they shall be after what is done.
func (b *dnsBench) moved(ctx context.Context, n *named, what string, before, after []dns.Wanted, do func() error) (run awayRun, err error) {
	ctx, cancel := n.whileRunning(ctx, b.limit)
	defer cancel()
	names := differing(before, after)
	run = awayRun{What: what, Services: len(n.services), Names: len(names)}
	at, err := n.now(ctx)
	if err != nil {
		return run, err
	}
	began := time.Now()
	if err := do(); err != nil {
		return run, err
	}
	if err := n.zone.holds(ctx, keysOf(after)); err != nil {
		return run, err
	}
	done, err := n.zone.answers(ctx, names, b.askers)
	if err != nil {
		return run, err
	}
	run.Written, run.Answered = done.written.Sub(began).Seconds(), done.answered.Sub(began).Seconds()
	if err := n.rest(ctx); err != nil {
		return run, err
	}
	run.spent, err = n.spentSince(ctx, at)
	fmt.Fprintf(os.Stderr, "a member was %s: %d names are others after %.2fs, by %.0f calls that write\n", what, run.Names, run.Written, run.Calls.Writes)
	return run, err
}
