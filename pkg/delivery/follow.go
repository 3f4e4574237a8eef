package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
	"unique"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fedhelm/fedhelm/pkg/listwatch"
)

// How long a kind is left alone that cannot be followed; a kick ends it sooner.
const (
	restNotServed = 10 * time.Minute
	restSettling  = 2 * time.Second
	settling      = time.Minute
	shortestRest  = 500 * time.Millisecond
	longestRest   = 5 * time.Second
	restShut      = 20 * time.Second // while others know that the member cannot be reached
	// A right that is missing is often given soon after somebody has seen that, and nothing tells.
	shortestForbidden = 5 * time.Second
	longestForbidden  = time.Minute
)

// follow keeps the table of a kind up to date until the context ends, or the kind is federated no more.
func (a *Agent) follow(ctx context.Context, t *table) {
	rest := time.Duration(0)
	for ctx.Err() == nil && !a.dropped(t) {
		version, err := a.begin(ctx, t)
		t.bar(isOfKind(err), a.Clock.Now())
		for err == nil && version != "" && ctx.Err() == nil && !a.dropped(t) {
			version, err = a.keepUp(ctx, t, version, &rest)
		}
		if ctx.Err() != nil || err == nil && version == "" { // there are no copies, and none is wished
			return
		}
		if err == nil {
			continue
		}
		rest = min(max(shortestRest, 2*rest), longestRest)
		a.pause(ctx, t, a.unfollowed(t, err, rest))
	}
}

// isOfKind tells whether an error is what the member has said of a kind: not that it is away, nor that it has no time.
func isOfKind(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && !apierrors.IsUnauthorized(err) && !apierrors.IsTooManyRequests(err) && !apierrors.IsServiceUnavailable(err)
}

// dropped tells that nobody asks for a table any more, since its kind is federated no more, or in another version. If it is again some
// day, it gets another table.
func (a *Agent) dropped(t *table) bool {
	k, ok := a.Kind(t.kind.ID())
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tables[t.kind.ID()] != t {
		return true
	}
	if ok && k == t.kind {
		return false
	}
	delete(a.tables, t.kind.ID())
	a.discount(t)
	return true
}

// begin lists the copies of a kind, and returns the version to watch from; "" if the kind needs no watch.
func (a *Agent) begin(ctx context.Context, t *table) (version string, err error) {
	if t.at() == asked {
		found, err := a.client.anyCopy(ctx, &t.lens)
		if err != nil {
			return "", err
		}
		if !found && t.leave() {
			a.Changed(Key{Kind: t.kind.ID()})
			return "", nil
		}
	}
	list := t.begins()
	version, err = a.client.list(ctx, &t.lens, func(o *object) { a.see(t, o, list) })
	if err != nil {
		return "", err
	}
	if t.rewound(versionOf(version)) {
		return "", errRestored
	}
	for _, n := range t.ends(list, versionOf(version)) {
		a.heed(t, n, change{look: true, tell: true}, User)
	}
	a.enter(t, synced, "")
	if t.refused > 0 {
		t.refused = 0
		a.allowed()
	}
	return version, nil
}

// allowed has kinds asked for again that we might not list, since we may list another now: rights are seldom given one by one.
func (a *Agent) allowed() {
	for _, t := range a.allTables() {
		if t.at() == forbidden {
			t.wake()
		}
	}
}

// keepUp watches on from a version, and returns the next; an error means to list again. It rests after a watch that came to nothing, longer each
// time.
func (a *Agent) keepUp(ctx context.Context, t *table, version string, rest *time.Duration) (string, error) {
	if t.cut {
		if err := a.goesOn(ctx, t); err != nil {
			return "", err
		}
	}
	began := a.Clock.Now()
	err := a.client.watch(ctx, &t.lens, version, func(kind string, o *object) {
		if o.ResourceVersion != "" {
			version = o.ResourceVersion
		}
		switch kind {
		case "ADDED", "MODIFIED":
			a.see(t, o, 0)
		case "DELETED":
			n := nameOf(o)
			a.heed(t, n, t.gone(n, versionOf(o.ResourceVersion)), User)
		}
		t.upTo(versionOf(version))
	})
	lasted := a.Clock.Since(began)
	t.cut = lasted < listwatch.WatchTime
	var status apierrors.APIStatus
	switch {
	case err == nil && lasted > time.Second:
		*rest = 0
		return version, nil
	case err == nil: // some servers begin to answer, and end at once, while they start
	case errors.As(err, &status) && status.Status().Code != http.StatusTooManyRequests && status.Status().Code < http.StatusInternalServerError:
		return "", err
	}
	*rest = min(max(shortestRest, 2**rest), longestRest)
	a.pause(ctx, t, *rest)
	return version, nil
}

// errRestored is why a kind is listed again.
var errRestored = errors.New("the member has been given the data of an earlier day")

// goesOn makes sure, after a watch that has ended too early, that the member has not been restored meanwhile from a back-up: a watch from a
// version that is yet to come says nothing until it has, and all that is known would be taken for newer than what there is. That the member
// does not answer is found out by the watch as well.
func (a *Agent) goesOn(ctx context.Context, t *table) error {
	now, err := a.client.version(ctx, &t.lens)
	if err != nil {
		return nil //nolint:nilerr // the watch will say so
	}
	if t.rewound(versionOf(now)) {
		return errRestored
	}
	t.cut = false
	return nil
}

// see takes in an object.
func (a *Agent) see(t *table, o *object, list uint64) {
	s, err := t.object(o)
	if err != nil { // what cannot be read is as good as not said
		s = t.metadata(&o.ObjectMeta)
	}
	n := nameOf(o)
	a.heed(t, n, t.saw(n, s, list), Recheck)
}

// nameOf keeps a namespace once, however many objects and members it has.
func nameOf(o *object) name { return name{unique.Make(o.Namespace).Value(), o.Name} }

// heed does what an event asks for.
func (a *Agent) heed(t *table, n name, c change, p Priority) {
	k := t.key(n)
	if c.look {
		a.queue.add(k, p)
	}
	if c.tell {
		a.Changed(k)
	}
	if c.established {
		a.servedNow()
	}
	if c.unready {
		a.visitAfter(k, beforeLooking)
	}
}

// enter changes the phase of a kind, and has all keys looked at that waited for it.
func (a *Agent) enter(t *table, p phase, problem string) {
	for n, priority := range t.enter(p, problem) {
		a.queue.add(t.key(n), priority)
	}
}

// unfollowed notes why a kind cannot be followed, and returns how long to rest.
func (a *Agent) unfollowed(t *table, err error, rest time.Duration) time.Duration {
	switch {
	case isUnserved(err):
		a.enter(t, notServed, "")
		for _, n := range t.ends(t.begins(), 0) {
			a.heed(t, n, change{look: true, tell: true}, Recheck)
		}
		return a.restUnserved()
	case apierrors.IsForbidden(err):
		a.enter(t, forbidden, plain(err))
		t.refused++
		return doubled(shortestForbidden, t.refused-1, longestForbidden)
	default:
		return rest
	}
}

// servedNow has kinds asked for again that the member did not serve, since it has got new definitions.
func (a *Agent) servedNow() {
	a.mu.Lock()
	a.defined = a.Clock.Now()
	a.mu.Unlock()
	for _, t := range a.allTables() {
		if t.at() != synced { // also one whose list is under way, and may come too early
			t.wake()
		}
	}
}

// restUnserved is short for a while after a definition was established: whoever serves the kind learns of it a little later.
func (a *Agent) restUnserved() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.defined.IsZero() && a.Clock.Since(a.defined) < settling {
		return restSettling
	}
	return restNotServed
}

// pause rests, give or take a fifth, until it is over or somebody kicks: not before others may ask the member, too.
func (a *Agent) pause(ctx context.Context, t *table, d time.Duration) {
	d = max(d, a.gate.closedFor())
	timer := a.Clock.NewTimer(d - d/5 + rand.N(2*d/5+1)) //nolint:gosec // spreads load, no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C():
	case <-t.kick:
	}
}

// versionOf is 0 for what cannot be compared.
func versionOf(resourceVersion string) uint64 {
	v, _ := strconv.ParseUint(resourceVersion, 10, 64) // 0 is what it means not to be a number
	return v
}
