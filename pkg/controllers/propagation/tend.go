package propagation

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	ctrl "sigs.k8s.io/controller-runtime"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/ledger"
)

const (
	// patience is how long a member that answers has to let a copy go. What is left then is owed.
	patience = 30 * time.Second
	// lookAgain is how soon a member is asked again from whom no word is to be expected.
	lookAgain = time.Second
)

// tend puts our finalizer on a source, or takes it off one that has no copies any more.
func (c *Controller) tend(ctx context.Context, key delivery.Key) {
	s, _ := c.sources.get(key)
	var err error
	switch {
	case s == nil:
		c.waits.forget(key)
	case !s.leaving() && !s.closing && !s.guarded && s.problem == "":
		err = c.setFinalizers(ctx, s, func(all []string) []string {
			if slices.Contains(all, fedv1beta1.FinalizerPropagation) {
				return all
			}
			return append(all, fedv1beta1.FinalizerPropagation)
		})
	case s.leaving() && s.guarded:
		err = c.release(ctx, s)
	}
	if err != nil && ctx.Err() == nil {
		ctrl.LoggerFrom(ctx).Error(err, "A finalizer could not be written, and will be tried again", "kind", key.Kind, "namespace", key.Namespace, "name", key.Name)
		c.tending.AddAfter(key, c.retries.When(key))
		return
	}
	c.retries.Forget(key)
}

// release lets a source go when no member has anything of it: those that cannot be asked will owe it.
func (c *Controller) release(ctx context.Context, s *source) error {
	now := c.o.Clock.Now()
	waited := now.Sub(c.waits.begun(s.key, now))
	owing, again := c.owing(s, waited)
	if again > 0 {
		c.tending.AddAfter(s.key, again)
		return nil
	}
	entry := c.debt(s)
	var recording errgroup.Group
	for _, member := range owing {
		recording.Go(func() error { return c.o.Ledger.Record(ctx, member, entry) })
	}
	if err := recording.Wait(); err != nil {
		return err
	}
	kept := c.kept(s) // what members say of it is forgotten with it
	c.waits.release(s.key, s.uid)
	err := c.setFinalizers(ctx, s, func(all []string) []string {
		return slices.DeleteFunc(all, func(f string) bool { return f == fedv1beta1.FinalizerPropagation })
	})
	if err != nil {
		c.waits.release(s.key, "")
		return err
	}
	c.tellKept(s, kept)
	return nil
}

// debt is what a member owes that cannot be asked.
func (c *Controller) debt(s *source) ledger.Entry {
	kind, _ := c.sources.kind(s.key.Kind)
	return ledger.Entry{Key: s.key, UID: s.uid, Orphan: s.orphan, Version: kind.Version}
}

// owing returns the members that will owe us what becomes of their copies, and how soon to ask again if it must be waited for others.
func (c *Controller) owing(s *source, waited time.Duration) (owing []string, again time.Duration) {
	f := c.fleet.Load()
	if !c.counted.Load() {
		return nil, lookAgain
	}
	in, posts := f.selects(s.selector).in, c.posts.list()
	for i := range f.members {
		m, p := &f.members[i], posts[f.members[i].name]
		switch v := c.farewell(s, m, p, in[i]); {
		case v == parted:
		case v == absent, v == lingering && waited >= patience:
			owing = append(owing, m.name)
		case v == dying && waited >= patience: // and nobody can do more
		case p == nil || again == lookAgain:
			again = lookAgain
		default:
			again = max(patience-waited, lookAgain)
		}
	}
	return owing, again
}

// parting is how far a member is with the copy of a source that is leaving.
type parting int

const (
	parted    parting = iota // there is no copy
	dying                    // it is being deleted
	lingering                // it is there, or nothing is known yet
	absent                   // the member does not answer, and may have a copy
)

func (c *Controller) farewell(s *source, m *member, p *post, selected bool) parting {
	if p == nil || !m.ready {
		switch {
		case !m.proven:
			return parted // it never had anything
		case m.ready:
			return lingering // its Agent is about to begin
		case p != nil && p.agent.Report(s.key).Copy != nil, selected, s.selector != "":
			return absent
		}
		return parted
	}
	if !p.agent.Synced(s.key.Kind) {
		return lingering
	}
	r := p.agent.Report(s.key)
	switch {
	case r.Copy != nil && r.Copy.Terminating:
		return dying
	case r.Copy != nil:
		return lingering
	case r.State == delivery.Gone, r.State == delivery.Kept, !selected:
		return parted
	}
	return lingering // it has not been looked at since
}
