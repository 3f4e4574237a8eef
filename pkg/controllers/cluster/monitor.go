package cluster

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// writeRetry is when a status that could not be written is tried again.
const writeRetry = time.Second

// attempt is what is being tried: with another credential or address, what was found before says nothing.
type attempt struct {
	member        *members.Member
	secretVersion string
}

// monitor watches over one member. All but poke is of run's goroutine.
type monitor struct {
	c    *Controller
	name string
	stop context.CancelFunc
	done chan struct{}
	wake chan struct{}

	record   record
	attempt  attempt
	finding  *finding
	failures int
	detail   *detail
	asked    time.Time // when nodes were last listed
	settled  bool      // the attempt has succeeded before
	next     time.Time // when to probe again
}

func newMonitor(c *Controller, name string) *monitor {
	return &monitor{
		c: c, name: name, done: make(chan struct{}), wake: make(chan struct{}, 1),
		record: record{clusters: c.o.Clusters, live: c.o.Live, name: name},
	}
}

// poke makes the monitor look at what the registry knows.
func (m *monitor) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *monitor) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := m.look(ctx)
		again := m.next
		if err != nil && ctx.Err() == nil {
			ctrl.LoggerFrom(ctx).Error(err, "What is known of a member could not be written")
			again = m.c.o.Clock.Now().Add(writeRetry)
		}
		m.wait(ctx, again)
	}
}

// wait returns at the time given, zero for never, or earlier when poked.
func (m *monitor) wait(ctx context.Context, until time.Time) {
	var timer <-chan time.Time
	if !until.IsZero() {
		t := m.c.o.Clock.NewTimer(max(until.Sub(m.c.o.Clock.Now()), 0))
		defer t.Stop()
		timer = t.C()
	}
	select {
	case <-ctx.Done():
	case <-m.wake:
	case <-timer:
	}
}

// look asks the member if it is time for that, and tells what is known.
func (m *monitor) look(ctx context.Context) error {
	cluster, err := m.record.read(ctx)
	if err != nil || cluster == nil {
		return err
	}
	state, followed := m.c.o.Members.State(m.name)
	if !followed {
		return nil // and soon ended
	}
	m.begin(state, cluster.Status)
	if state.Member == nil {
		m.next = time.Time{}
	} else if !m.c.o.Clock.Now().Before(m.next) {
		if !m.probe(ctx, state.Member, cluster.Status) {
			return nil // the member ended meanwhile: there is news
		}
	}
	return m.tell(ctx, cluster, state)
}

// begin forgets what was found by another credential or at another address.
func (m *monitor) begin(state members.State, status fedv1beta1.ClusterStatus) {
	now := attempt{member: state.Member, secretVersion: state.Credential.SecretVersion}
	if now == m.attempt {
		return
	}
	*m = monitor{c: m.c, name: m.name, stop: m.stop, done: m.done, wake: m.wake, record: m.record, attempt: now}
	m.settled = meta.IsStatusConditionTrue(status.Conditions, fedv1beta1.ClusterReady) &&
		status.Credential != nil && status.Credential.SecretVersion == now.secretVersion
}

// probe asks the member how it is, and when it is well again or now and then also where it runs. It reports false if the member ended.
func (m *monitor) probe(ctx context.Context, member *members.Member, before fedv1beta1.ClusterStatus) bool {
	o, begun := m.c.o, m.c.o.Clock.Now()
	ready := meta.IsStatusConditionTrue(before.Conditions, fedv1beta1.ClusterReady)
	inquireNow := !ready || m.detail == nil || begun.Sub(m.asked) >= o.TopologyPeriod
	var f finding
	var d *detail
	ended := make(chan struct{})
	if !member.Go(func(ctx context.Context) {
		defer close(ended)
		f = probe(ctx, member, o.Timeout)
		m.c.metrics.probed(m.name, o.Clock.Since(begun))
		if f.outcome == healthy && inquireNow {
			d = inquire(ctx, member, o.Timeout)
		}
	}) {
		return false
	}
	select {
	case <-ended:
	case <-ctx.Done():
		return false
	}
	select {
	case <-member.Done():
		return false
	default:
	}
	m.found(f, begun)
	if d != nil {
		m.detail, m.asked = d, begun
	}
	return true
}

// found counts failures, and says when to ask again.
func (m *monitor) found(f finding, begun time.Time) {
	m.finding = &f
	if f.outcome == healthy {
		m.failures, m.settled = 0, true
	} else {
		m.failures++
	}
	pause := m.c.o.Jitter(pause(m.failures, m.settled, m.c.o.Period))
	m.next = begun.Add(pause)
	if soon := m.c.o.Clock.Now().Add(pause / 10); m.next.Before(soon) {
		m.next = soon // after an answer that took long
	}
}

// tell writes what is known, in the status, labels, metrics and an event.
func (m *monitor) tell(ctx context.Context, cluster *fedv1beta1.Cluster, state members.State) error {
	was, is, err := m.record.write(ctx, cluster, func(c *fedv1beta1.Cluster) fedv1beta1.ClusterStatus {
		return decide(c.Status, known{
			cluster: m.name, generation: c.Generation, state: state, now: m.c.o.Clock.Now(),
			finding: m.finding, failures: m.failures, threshold: m.c.o.Threshold, detail: m.detail,
		})
	})
	if err != nil {
		return err
	}
	ready := meta.FindStatusCondition(is.Status.Conditions, fedv1beta1.ClusterReady)
	if ready == nil {
		return nil
	}
	m.c.metrics.told(m.name, meta.IsStatusConditionTrue(is.Status.Conditions, fedv1beta1.ClusterReady), state.Credential.Expires)
	if before := meta.FindStatusCondition(was.Status.Conditions, fedv1beta1.ClusterReady); before == nil || before.Status != ready.Status {
		kind := corev1.EventTypeWarning
		if ready.Status == "True" {
			kind = corev1.EventTypeNormal
		}
		m.c.o.Events.Eventf(is, nil, kind, ready.Reason, "Probe", "%s", ready.Message)
		ctrl.LoggerFrom(ctx).Info("A member's health has changed", "ready", ready.Status, "reason", ready.Reason, "message", ready.Message)
	}
	return m.record.label(ctx, is)
}
