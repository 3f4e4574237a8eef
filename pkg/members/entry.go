package members

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// target is what a Cluster asks for.
type target struct {
	servers []fedv1beta1.ServerAddressByClientCIDR
	secret  string // "" if none is named
	leaving bool
}

func wanted(cluster *fedv1beta1.Cluster) target {
	t := target{servers: slices.Clone(cluster.Spec.ServerAddressByClientCIDRs)}
	if ref := cluster.Spec.SecretRef; ref != nil {
		t.secret = ref.Name
	}
	_, t.leaving = cluster.Annotations[fedv1beta1.AnnotationLeaving]
	return t
}

func (t target) equal(other target) bool {
	return t.secret == other.secret && t.leaving == other.leaving && slices.Equal(t.servers, other.servers)
}

// entry is one Cluster. One goroutine, that of run, acts; others leave a word for it in the part that mu guards, and wake it.
type entry struct {
	registry *Registry
	name     string
	uid      types.UID
	stop     context.CancelFunc
	done     chan struct{} // closed when nothing of the entry is left
	wake     chan struct{}

	mu      sync.Mutex
	target  target
	view    view
	renewal renewal
	state   State

	// Of run's goroutine alone.
	followed   string // name of the Secret
	unfollow   func()
	credential Credential // of state.Member
}

func newEntry(r *Registry, cluster *fedv1beta1.Cluster) *entry {
	return &entry{
		registry: r, name: cluster.Name, uid: cluster.UID,
		done: make(chan struct{}), wake: make(chan struct{}, 1), unfollow: func() {},
	}
}

func (e *entry) want(t target) {
	e.mu.Lock()
	same := e.target.equal(t)
	e.target = t
	e.mu.Unlock()
	if !same {
		e.poke()
	}
}

func (e *entry) current() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state
}

func (e *entry) poke() {
	select {
	case e.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// run brings what is there in line with what is wanted, again and again, until ctx ends.
func (e *entry) run(ctx context.Context) {
	ctx = ctrl.LoggerInto(ctx, ctrl.LoggerFrom(ctx).WithValues("cluster", e.name))
	clock := e.registry.o.Clock
	for ctx.Err() == nil {
		again := e.settle(ctx)
		if again.IsZero() {
			e.wait(ctx, nil)
			continue
		}
		left := again.Sub(clock.Now())
		if left <= 0 { // it has come meanwhile
			continue
		}
		timer := clock.NewTimer(left)
		e.wait(ctx, timer.C())
		timer.Stop()
	}
	e.unfollow()
	e.replace(State{})
	e.registry.notify(e.name)
}

func (e *entry) wait(ctx context.Context, timer <-chan time.Time) {
	select {
	case <-ctx.Done():
	case <-e.wake:
	case <-timer:
	}
}

// settle acts on what is known now, and returns when to look again although nothing has happened; zero for never.
func (e *entry) settle(ctx context.Context) time.Time {
	now := e.registry.o.Clock.Now()
	e.mu.Lock()
	target := e.target
	e.mu.Unlock()
	if target.leaving {
		e.followSecret(ctx, "")
		// Only when publish returns, work on the member has ended.
		if !e.current().Released {
			e.publish(State{Leaving: true})
			e.publish(State{Leaving: true, Released: true})
		}
		return time.Time{}
	}
	e.followSecret(ctx, target.secret)

	e.mu.Lock()
	view, renewal := e.view, e.renewal
	e.mu.Unlock()
	next := State{Credential: view.state(target.secret, e.registry.o.Federation, e.name, now)}
	server, err := ServerAddress(target.servers, e.registry.o.ClientAddress)
	if err != nil {
		next.NoServer = err.Error()
	}
	next.Server = server
	if !next.Credential.Usable() {
		e.publish(next)
		return soonest(now, view.believedAt())
	}
	next.Credential = renewal.onto(next.Credential, view.credential)
	if err == nil {
		e.reach(ctx, &next, server, view.credential)
	}
	e.publish(next)
	due := e.renewWhenDue(next.Member, view.credential, renewal, now)
	return soonest(now, due, next.Credential.Expires, view.believedAt())
}

// reach sets the member of next: the present one if it will do.
func (e *entry) reach(ctx context.Context, next *State, server string, c Credential) {
	if m := e.current().Member; m != nil && m.link.server == server && e.credential.sameIdentity(c) {
		m.link.use(c)
		e.credential = c
		next.Member = m
		return
	}
	link, err := newLink(server, c, e.registry.o.UserAgent)
	if err == nil {
		next.Member, err = newMember(ctx, e.name, link)
	}
	if err != nil {
		next.Credential.Reason, next.Credential.Message = fedv1beta1.ReasonSecretMalformed, err.Error()
		return
	}
	next.Member.Home, e.credential = c.home(), c
}

// publish makes s the state, after the former member has ended if it is another, and tells subscribers.
func (e *entry) publish(s State) {
	if e.replace(s) {
		e.registry.notify(e.name)
	}
}

// replace reports whether s is something new. When the member changes nobody gets the new one before work on the old one has ended.
func (e *entry) replace(s State) bool {
	e.mu.Lock()
	old := e.state
	if old == s {
		e.mu.Unlock()
		return false
	}
	if old.Member != nil && old.Member != s.Member {
		e.state.Member = nil
		e.mu.Unlock()
		old.Member.end()
		e.mu.Lock()
	}
	e.state = s
	e.mu.Unlock()
	return true
}

// followSecret makes the Secret of that name the one whose changes are told.
func (e *entry) followSecret(ctx context.Context, name string) {
	if name == e.followed {
		return
	}
	e.unfollow()
	e.mu.Lock()
	e.view = view{}
	e.mu.Unlock()
	e.followed, e.unfollow = name, func() {}
	if name == "" {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.registry.follow(ctx, name, e.saw)
	}()
	e.unfollow = func() {
		cancel()
		<-ended
	}
}

// saw notes what the host cluster said of the Secret.
func (e *entry) saw(secret *corev1.Secret, err error) {
	e.mu.Lock()
	if err != nil {
		e.view = e.view.failed(err, e.registry.o.Clock.Now())
	} else {
		e.view = saw(secret, e.registry.o.Federation, e.name)
	}
	e.mu.Unlock()
	e.poke()
}

// soonest returns the earliest of the times that are to come; zero if there is none.
func soonest(now time.Time, times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if t.After(now) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
