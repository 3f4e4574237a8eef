package delivery

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// How a member is spared.
const (
	firstLimit    = 16
	shortestPause = time.Second
	longestPause  = 30 * time.Second
	longestWait   = time.Minute // that a member can ask for
	slack         = 20 * time.Millisecond
	// So many requests in a row that got no answer, or one that says the server itself is in trouble, are taken for a failure of the member.
	deadAfter   = 3
	brokenAfter = 10
)

// outcome is what a request says of the member, whatever it says of its object.
type outcome int

const (
	answered  outcome = iota // also with a refusal
	throttled                // it asks for patience
	broken                   // it says that it is in trouble itself
	late                     // no answer in time
	dead                     // no answer
)

// gate lets so many workers work on a member as it can take: more as long as all goes well, half as many when it asks for patience or
// answers too late, one at a time, with pauses, while it fails, and none while others know that it cannot be reached.
type gate struct {
	clock clock.PassiveClock
	max   float64
	wake  func() // somebody may come in now
	well  func() // the member has answered after it had failed

	mu       sync.Mutex
	shut     bool
	limit    float64
	inside   int
	fastest  time.Duration // write of late
	cut      time.Time     // when the limit was lowered
	until    time.Time     // nobody before
	failures int           // of the member, in a row
	pause    time.Duration
	why      string
}

func newGate(c clock.PassiveClock, most int, wake, well func()) *gate {
	return &gate{clock: c, max: float64(most), limit: min(firstLimit, float64(most)), wake: wake, well: well}
}

// enter tells whether one more may come in. If not, it may be tried again after some time, or, if that is 0, when wake is called.
func (g *gate) enter() (ok bool, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	most := int(g.limit)
	if g.pause > 0 {
		most = 1 // a trial
	}
	switch {
	case g.shut:
		return false, 0
	case now.Before(g.until):
		return false, g.until.Sub(now)
	case g.inside >= most:
		return false, 0
	}
	g.inside++
	return true, 0
}

// mayStay tells whether one who is inside may do one more thing.
func (g *gate) mayStay() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.shut && g.inside <= int(g.limit) && (g.pause == 0 || g.inside == 1) && !g.clock.Now().Before(g.until)
}

// leave is the end of what enter began.
func (g *gate) leave() {
	g.mu.Lock()
	g.inside--
	g.mu.Unlock()
	g.wake()
}

// tell says how a request went that began at some time. after is how long the member wants to be left alone; why is for people.
func (g *gate) tell(o outcome, began time.Time, after time.Duration, why string) {
	if o == answered {
		g.answered()
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	switch o {
	case throttled:
		g.lower(began, now)
		g.until = later(g.until, now.Add(min(max(after, time.Second), longestWait)))
		g.why = why
		return
	case late:
		g.lower(began, now)
	default:
	}
	g.failures++
	enough := deadAfter
	if o == broken {
		enough = brokenAfter
	}
	if g.failures < enough || now.Before(g.until) { // what began before the pause says nothing new
		return
	}
	g.pause = min(max(shortestPause, 2*g.pause), longestPause)
	g.until, g.why = now.Add(g.pause), why
}

// answered takes the member for well.
func (g *gate) answered() {
	g.mu.Lock()
	paused := g.pause > 0
	g.failures, g.pause = 0, 0 // a member that has asked for patience still does
	g.mu.Unlock()
	if paused {
		g.well()
		g.wake()
	}
}

// wrote says how long the member took for a write that went well. More are let in only while that does not make all of them wait: a member that is
// near takes its time because it is at work, and more at once would not make it faster. What is read says nothing of that: it is answered from
// memory, much faster than anything that is written.
func (g *gate) wrote(took time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fastest == 0 || took < g.fastest {
		g.fastest = took
	} else {
		g.fastest += g.fastest / 10_000 // what was possible once need not be any more
	}
	if float64(g.inside) >= g.limit-1 && took <= 2*g.fastest+slack {
		g.limit = min(g.max, g.limit+1/g.limit)
	}
}

// lower halves the limit, once for all requests that were under way.
func (g *gate) lower(began, now time.Time) {
	if began.Before(g.cut) {
		return
	}
	g.limit, g.cut = max(1, g.limit/2), now
}

// set shuts the gate, or opens it, which ends every pause.
func (g *gate) set(open bool) {
	g.mu.Lock()
	if open && g.shut {
		g.until, g.pause, g.failures, g.why = time.Time{}, 0, 0, ""
	}
	g.shut = !open
	g.mu.Unlock()
	g.wake()
}

// closedFor is how long nobody should ask the member anything.
func (g *gate) closedFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return restShut
	}
	return max(0, g.until.Sub(g.clock.Now()))
}

// closed says why nobody may come in; "" if somebody may.
func (g *gate) closed() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.shut:
		return "the member cannot be reached"
	case g.pause > 0 || g.clock.Now().Before(g.until):
		return g.why
	}
	return ""
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
