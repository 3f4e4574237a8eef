package memberdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

// undoTimeout is what putting things right again may take, when the time for the work itself is over.
const undoTimeout = 30 * time.Second

// Configured is what Configure did.
type Configured struct {
	Server   Server
	Changed  bool     // false: it was like that already
	Warnings []string // what the cluster's owner should know
}

// Configure makes the cluster's DNS answer the federation's names, and waits until each of its pods that is ready does.
// Nothing is written before the resolver and the cluster's DNS were seen to answer. When what was written does not
// work in time, or ctx ends, it is taken out again, and what others wrote meanwhile stays. The server is detected anew,
// as with Detect; where it is None, or the federation has no zone, there is nothing to do. One that is not ours to change
// is left alone: ErrByHand says what to put where, unless somebody did so already. Run again it changes nothing.
func Configure(ctx context.Context, o Options, wanted Kind) (Configured, error) {
	if o.Federation.Zone == "" {
		return Configured{Server: Server{Kind: None, Reason: fmt.Sprintf("federation %q has no DNS zone", o.Federation.Name)}}, nil
	}
	s, err := Detect(ctx, o.Client, wanted)
	if err != nil {
		return Configured{}, err
	}
	done := Configured{Server: s, Warnings: s.Warnings}
	if s.byHand != nil {
		return done, o.byHand(ctx, s, s.byHand)
	}
	if s.Kind == None {
		return done, nil
	}
	// First, for it takes seconds to find out; a resolver whose image is on its way takes minutes.
	if err := o.before(ctx, s); err != nil {
		return Configured{}, err
	}
	c := o.federate(s, &done)
	if s.Kind == CoreDNS {
		if c, err = o.forward(ctx, s); err != nil {
			return Configured{}, err
		}
	}
	done.Changed, err = o.write(ctx, c)
	switch {
	case errors.Is(err, clusterdns.ErrServed):
		return done, o.byHand(ctx, s, err)
	case err == nil:
		err = o.after(ctx, s, c, done.Changed)
	}
	if err != nil {
		return Configured{}, err
	}
	return done, nil
}

// change is what is done to a ConfigMap, and how it is undone.
type change struct {
	configMap string
	create    bool
	put, undo func(*corev1.ConfigMap) error
	seen      func(ctx context.Context) error // waits until it works
}

// forward is the change for CoreDNS.
func (o Options) forward(ctx context.Context, s Server) (change, error) {
	r, err := o.resolver(ctx)
	if err != nil {
		return change{}, err
	}
	b := s.block(o.Federation, r.address)
	if err := r.answers(ctx, o, s.Domain); err != nil {
		return change{}, err
	}
	former := ""
	return change{
		configMap: s.ConfigMap,
		create:    s.own,
		put: func(cm *corev1.ConfigMap) (err error) {
			former, err = s.putBlock(cm, o.Federation, b)
			return err
		},
		undo: func(cm *corev1.ConfigMap) error { return s.restoreBlock(cm, o.Federation, former) },
		seen: func(ctx context.Context) error { return o.leads(ctx, s) },
	}, nil
}

// byHand returns nil when somebody has set up the cluster's DNS, and else says why that was not done here, and how it is.
func (o Options) byHand(ctx context.Context, s Server, why error) error {
	r, err := o.resolver(ctx)
	if err != nil {
		return err
	}
	if err := r.answers(ctx, o, s.Domain); err != nil {
		return err
	}
	if round, err := o.lead(ctx, s); err != nil || round.why == nil {
		return err
	}
	return fmt.Errorf("%w; let it forward %s to %s, the federation's resolver, by this server block or what stands for it there:\n%s",
		why, o.Federation.owner().Domain(s.Domain), r.address, s.block(o.Federation, r.address))
}

// federate is the change for kube-dns. That it answers cannot be seen: it does so only with the zones of nodes, and
// leads out of the cluster then.
func (o Options) federate(s Server, done *Configured) change {
	former, there := "", false
	return change{
		configMap: s.ConfigMap,
		create:    true,
		put: func(cm *corev1.ConfigMap) error {
			former, there = clusterdns.FederationZone(cm.Data[federationsKey], o.Federation.Name)
			if err := clusterdns.CheckFederations(cm.Data[federationsKey]); err != nil {
				done.Warnings = slices.Concat(s.Warnings, []string{fmt.Sprintf("kube-dns ignores its ConfigMap %q as long as key %q has elements like these: %v",
					metav1.NamespaceSystem+"/"+cm.Name, federationsKey, err)})
			}
			return putFederation(cm, o.Federation, o.Federation.Zone)
		},
		undo: func(cm *corev1.ConfigMap) error {
			if there {
				return putFederation(cm, o.Federation, former)
			}
			takeFederation(cm, o.Federation)
			return nil
		},
		seen: func(ctx context.Context) error { return o.works(ctx, s) },
	}
}

// before makes sure that the cluster's DNS can be asked, and works: else nobody could tell whether a change broke it.
func (o Options) before(ctx context.Context, s Server) error {
	o.Timeout = min(o.timeout(), patience)
	if err := o.works(ctx, s); err != nil {
		return fmt.Errorf("ask the cluster's DNS before it is changed: %w; nothing was written", err)
	}
	return nil
}

// write makes the change. An error of the API server does not say that nothing was written: then it is undone.
func (o Options) write(ctx context.Context, c change) (bool, error) {
	tried := false
	changed, err := edit(ctx, o.Client, c.configMap, c.create, func(cm *corev1.ConfigMap) error {
		err := c.put(cm)
		tried = err == nil
		return err
	})
	if err != nil && tried {
		err = o.undo(ctx, c, err)
	}
	return changed, err
}

// undo puts things right again because of an error, which it returns; also when ctx is over.
func (o Options) undo(ctx context.Context, c change, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if _, err := edit(ctx, o.Client, c.configMap, false, c.undo); err != nil {
		return errors.Join(why, fmt.Errorf("and it could not be undone: %w; run fedhelm unjoin, or take it out by hand", err))
	}
	return fmt.Errorf("%w; ConfigMap %q is as it was", why, metav1.NamespaceSystem+"/"+c.configMap)
}

// after waits until the change is seen to work, and undoes it when it is not. What was like that before stays.
func (o Options) after(ctx context.Context, s Server, c change, changed bool) error {
	defer settle(ctx, o.Client, s)
	if changed {
		hasten(ctx, o.Client, s)
	}
	err := c.seen(ctx)
	if err != nil {
		err = fmt.Errorf("wait until the cluster's DNS answers the names of federation %q: %w; the kubelet takes up to a minute to bring a ConfigMap, and CoreDNS 45 seconds to read it; look at: kubectl --namespace %s logs --selector %s",
			o.Federation.Name, err, metav1.NamespaceSystem, s.selector)
	}
	if err == nil || !changed {
		return err
	}
	return o.undo(ctx, c, err)
}
