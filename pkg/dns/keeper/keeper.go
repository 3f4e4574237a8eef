package keeper

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Keeper keeps one zone. Its methods can be called at the same time.
type Keeper struct {
	o    Options
	wake chan struct{} // there is something new for Run

	mu        sync.Mutex
	services  map[string]*service
	names     map[string]string // the Service that wants a name
	changed   map[string]bool   // Services that Want changed since they were looked at
	since     time.Time         // the oldest of these changes
	last      time.Time         // the newest
	failing   map[string]bool   // Services with failed units
	held      map[string]bool   // Services whose names are held
	known     bool              // every Service was wanted once
	sweep     bool              // garbage is to be looked for in what was listed
	sweepAt   time.Time         // but not before
	status    Status            // Zone, Names, Records and LastSync
	err       error             // why nothing works at present
	news      []string          // Services to tell of
	pending   int               // names of Services that are not settled
	conflicts int

	// Of Run alone.
	provider dns.Provider
	zone     dns.Zone
	index    *dns.Index      // nil: to be listed
	ours     map[string]bool // names that this process has made, or seen with the owner's mark
	open     map[string]bool // Services of which it is open what the zone holds: a call that was to change it failed since it was listed
	backlog  []string        // Services that a listing showed or retries call for
	failures int             // of everything, in a row
	stale    int             // listings in a row that led to stale units
	dropped  int             // listings in a row that failures of changes ended
	unlisted int             // listings in a row that failed while an index was there
	listErr  error           // of the last of them
	listing  *listing        // nil: none goes on
	form     int             // of the provider; see follow
	resumeAt time.Time
	listAt   time.Time
}

// service is what is known of one.
type service struct {
	wanted    []dns.Wanted
	since     time.Time // of the oldest change that is not made; zero: none
	making    bool      // a change is being made
	conflicts []dns.Conflict
	failed    map[string]error // by name
	failures  int              // in a row
	retryAt   time.Time        // zero: when it changes, or the zone is listed
}

func (s *service) settled() bool {
	if !s.since.IsZero() || s.making {
		return false
	}
	for _, err := range s.failed {
		if !errors.Is(err, dns.ErrRejected) {
			return false
		}
	}
	return true
}

// New makes a Keeper, which does nothing before Run.
func New(o Options) *Keeper {
	o.Resync = cmp.Or(o.Resync, 5*time.Minute)
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	return &Keeper{
		o: o, wake: make(chan struct{}, 1),
		services: map[string]*service{}, names: map[string]string{}, changed: map[string]bool{}, failing: map[string]bool{}, held: map[string]bool{},
		ours: map[string]bool{}, open: map[string]bool{},
	}
}

// Want says which names a Service, NAMESPACE/NAME, shall have from now on; none: nil. What it had otherwise goes. It does not block, and keeps
// wanted, which must not be changed any more.
func (k *Keeper) Want(id string, wanted []dns.Wanted) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.services[id]
	if ok && slices.EqualFunc(s.wanted, wanted, equal) {
		return
	}
	if !ok {
		s = &service{}
		k.services[id] = s
		k.weigh(s, 1)
	}
	for _, w := range s.wanted {
		delete(k.names, w.Name)
	}
	for _, w := range wanted {
		k.names[w.Name] = id
	}
	delete(k.held, id)
	k.weigh(s, -1)
	s.wanted = wanted
	k.touch(id)
	k.weigh(s, 1)
	k.rouse()
}

// touch has a Service looked at soon, as changed now.
func (k *Keeper) touch(id string) {
	now := time.Now()
	if len(k.changed) == 0 {
		k.since = now
	}
	k.last = now
	k.changed[id] = true
	if s := k.services[id]; s.since.IsZero() {
		s.since = now
	}
}

// Known says that every Service was wanted once: names of others are garbage.
func (k *Keeper) Known() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.known {
		k.known, k.sweep = true, true
		k.rouse()
	}
}

// Lose says that a Service is there no more, and that nobody saw its deletion. Its names are garbage from then on: they go once nothing has been
// lost for a while, unless they are too many by then.
func (k *Keeper) Lose(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s, ok := k.services[id]
	if !ok {
		return
	}
	k.weigh(s, -1)
	for _, w := range s.wanted {
		delete(k.names, w.Name)
	}
	delete(k.services, id)
	delete(k.changed, id)
	delete(k.failing, id)
	k.sweep, k.sweepAt = k.known, time.Now().Add(gatherLost)
	k.rouse()
}

// DeleteUnsourced lets go what is held now.
func (k *Keeper) DeleteUnsourced() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id := range k.held {
		s := &service{}
		k.services[id] = s
		k.touch(id)
		k.weigh(s, 1)
	}
	clear(k.held)
	k.rouse()
}

// rouse has Run look again.
func (k *Keeper) rouse() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run keeps the zone until ctx ends. What fails is tried again, and told by Status. It must not be called twice.
func (k *Keeper) Run(ctx context.Context) {
	defer k.close()
	for ctx.Err() == nil {
		timer := time.NewTimer(k.turn(ctx))
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (k *Keeper) close() {
	k.dropListing()
	if closer, ok := k.provider.(io.Closer); ok {
		_ = closer.Close() // nothing is lost with it
	}
	k.provider = nil
}

func equal(a, b dns.Wanted) bool {
	return a.Name == b.Name && a.Level == b.Level && a.Service == b.Service && slices.EqualFunc(a.Sets, b.Sets, func(a, b dns.RecordSet) bool {
		return a.Name == b.Name && a.Type == b.Type && a.TTL == b.TTL && slices.Equal(a.Values, b.Values)
	})
}
