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

// trial is what was found with one credential at one address: with another, it says nothing.
type trial struct {
	member        *members.Member
	secretVersion string

	finding  *finding
	failures int // in a row
	detail   *detail
	asked    time.Time // when nodes were last listed
	settled  bool      // it has succeeded before
	next     time.Time // when to probe again
}

// monitor watches over one member.
type monitor struct {
	c    *Controller
	name string
	stop context.CancelFunc
	done chan struct{}
	wake chan struct{}

	// Of run's goroutine alone.
	record record
	trial  trial
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
		again := m.trial.next
		if err != nil && ctx.Err() == nil {
			ctrl.LoggerFrom(ctx).Error(err, "What is known of a member could not be told")
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
		m.trial.next = time.Time{}
	} else if !m.c.o.Clock.Now().Before(m.trial.next) {
		if !m.probe(ctx, state.Member, cluster.Status) {
			return nil // the member ended meanwhile: there is news
		}
	}
	return m.tell(ctx, cluster, state)
}

// begin forgets what was found by another credential or at another address.
func (m *monitor) begin(state members.State, status fedv1beta1.ClusterStatus) {
	if m.trial.member == state.Member && m.trial.secretVersion == state.Credential.SecretVersion {
		return
	}
	moved := m.trial.member != nil && m.trial.member != state.Member // to another address, by the Secret that it was Ready with
	m.trial = trial{member: state.Member, secretVersion: state.Credential.SecretVersion}
	m.trial.settled = !moved && meta.IsStatusConditionTrue(status.Conditions, fedv1beta1.ClusterReady) &&
		status.Credential != nil && status.Credential.SecretVersion == m.trial.secretVersion
}

// probe asks the member how it is, and when it is well again or now and then also where it runs. It reports false if the member ended.
func (m *monitor) probe(ctx context.Context, member *members.Member, before fedv1beta1.ClusterStatus) bool {
	o, begun := m.c.o, m.c.o.Clock.Now()
	ready := meta.IsStatusConditionTrue(before.Conditions, fedv1beta1.ClusterReady)
	inquireNow := !ready || m.trial.detail == nil || begun.Sub(m.trial.asked) >= o.TopologyPeriod
	var f finding
	var d *detail
	var took time.Duration
	ended := make(chan struct{})
	if !member.Go(func(ctx context.Context) {
		defer close(ended)
		f = probe(ctx, member, o.Timeout)
		took = o.Clock.Since(begun)
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
	m.c.metrics.probed(m.name, took)
	m.found(f, begun)
	if d != nil {
		m.trial.detail, m.trial.asked = d, begun
	}
	return true
}

// found counts failures, and says when to ask again.
func (m *monitor) found(f finding, begun time.Time) {
	t := &m.trial
	t.finding = &f
	if f.outcome == healthy {
		t.failures, t.settled = 0, true
	} else {
		t.failures++
	}
	pause := m.c.o.Jitter(pause(t.failures, t.settled, m.c.o.Period))
	t.next = begun.Add(pause)
	if soon := m.c.o.Clock.Now().Add(pause / 10); t.next.Before(soon) {
		t.next = soon // after an answer that took long
	}
}

// tell writes what is known, in the status, labels, metrics and an event.
func (m *monitor) tell(ctx context.Context, cluster *fedv1beta1.Cluster, state members.State) error {
	was, is, err := m.record.write(ctx, cluster, func(c *fedv1beta1.Cluster) fedv1beta1.ClusterStatus {
		return decide(c.Status, known{
			cluster: m.name, generation: c.Generation, state: state, now: m.c.o.Clock.Now(),
			finding: m.trial.finding, failures: m.trial.failures, threshold: m.c.o.Threshold, detail: m.trial.detail,
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
	if err := m.record.label(ctx, is); err != nil && ctx.Err() == nil {
		ctrl.LoggerFrom(ctx).Error(err, "A member's labels could not be written") // and are tried again with the next probe
	}
	return nil
}
