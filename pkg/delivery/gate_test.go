package delivery

import (
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"
)

// fill lets in as many as may come in.
func fill(g *gate) int {
	for n := 0; ; n++ {
		if ok, _ := g.enter(); !ok {
			return n
		}
	}
}

func TestGate(t *testing.T) {
	type step func(*gate, *testingclock.FakeClock)
	many := func(n int, o outcome, after time.Duration) step {
		return func(g *gate, c *testingclock.FakeClock) {
			for range n {
				g.tell(o, c.Now(), after, "why")
			}
		}
	}
	pass := func(d time.Duration) step { return func(_ *gate, c *testingclock.FakeClock) { c.Step(d) } }
	tests := []struct {
		name  string
		steps []step
		want  int // may come in
	}{
		{"a few are let in at first", nil, firstLimit},
		{"none while others know that the member cannot be reached", []step{func(g *gate, _ *testingclock.FakeClock) { g.set(false) }}, 0},
		{"all when it can be again", []step{func(g *gate, _ *testingclock.FakeClock) { g.set(false); g.set(true) }}, firstLimit},
		{"half as many after an answer too late", []step{many(1, late, 0)}, firstLimit / 2},
		{"what was under way together counts once", []step{pass(time.Minute), func(g *gate, c *testingclock.FakeClock) {
			began := c.Now()
			c.Step(time.Second)
			g.tell(late, began, 0, "")
			g.tell(late, began, 0, "")
		}}, firstLimit / 2},
		{"none before the time that the member asked for", []step{many(1, throttled, 5*time.Second), pass(5*time.Second - 1)}, 0},
		{"half as many after that", []step{many(1, throttled, 5*time.Second), pass(5 * time.Second)}, firstLimit / 2},
		{"nobody waits for a day because a member says so", []step{many(1, throttled, 24*time.Hour), pass(longestWait)}, firstLimit / 2},
		{"a lost connection or two are nothing", []step{many(deadAfter-1, dead, 0)}, firstLimit},
		{"a member that does not answer is left alone", []step{many(deadAfter, dead, 0), pass(shortestPause - 1)}, 0},
		{"and then tried with one request", []step{many(deadAfter, dead, 0), pass(shortestPause)}, 1},
		{"twice as long each time", []step{many(deadAfter, dead, 0), pass(shortestPause), many(1, dead, 0), pass(2*shortestPause - 1)}, 0},
		{"but not for ever", []step{
			many(deadAfter, dead, 0), pass(time.Hour), many(1, dead, 0), pass(time.Hour), many(1, dead, 0), pass(time.Hour), many(1, dead, 0), pass(time.Hour),
			many(1, dead, 0), pass(time.Hour), many(1, dead, 0), pass(time.Hour), many(1, dead, 0), pass(longestPause),
		}, 1},
		{"an answer ends that", []step{many(deadAfter, dead, 0), pass(shortestPause), many(1, answered, 0)}, firstLimit},
		{"errors now and then are no failure of the member", []step{many(brokenAfter-1, broken, 0), many(1, answered, 0), many(brokenAfter-1, broken, 0)}, firstLimit},
		{"errors alone are", []step{many(brokenAfter, broken, 0), pass(shortestPause)}, 1},
		{"what began before the pause says nothing new", []step{many(20*deadAfter, dead, 0), pass(shortestPause)}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testingclock.NewFakeClock(time.Now())
			g := newGate(c, 64, func() {}, func() {})
			for _, s := range tt.steps {
				s(g, c)
			}
			if got := fill(g); got != tt.want {
				t.Errorf("it lets %d in, want %d", got, tt.want)
			}
			if closed := g.closed(); (closed != "") != (tt.want == 0 || g.pause > 0) {
				t.Errorf("it says %q", closed)
			}
		})
	}
}

func TestGateSaysWhyItIsClosedAlsoWhenAnotherRequestWasAnswered(t *testing.T) {
	c := testingclock.NewFakeClock(time.Now())
	g := newGate(c, 64, func() {}, func() {})
	g.tell(throttled, c.Now(), 5*time.Second, "it is busy")
	g.tell(answered, c.Now(), 0, "")
	if got := g.closed(); got != "it is busy" {
		t.Errorf("it says %q", got)
	}
}

func TestGateLetsMoreIn(t *testing.T) {
	tests := []struct {
		name string
		took func(inside int) time.Duration
		want int
	}{
		{"while answers come as fast as ever", func(int) time.Duration { return 200 * time.Millisecond }, 64},
		{"but not a member that is at work on what it has", func(inside int) time.Duration { return time.Duration(inside) * 4 * time.Millisecond }, firstLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testingclock.NewFakeClock(time.Now())
			g := newGate(c, 64, func() {}, func() {})
			g.wrote(tt.took(1))
			for range 10_000 {
				fill(g)
				g.wrote(tt.took(g.inside))
			}
			if got := g.inside; got != tt.want {
				t.Errorf("%d are inside, want %d", got, tt.want)
			}
		})
	}
}

func TestGateDoesNotOpenForWhomNobodyNeeds(t *testing.T) {
	g := newGate(testingclock.NewFakeClock(time.Now()), 64, func() {}, func() {})
	for range 10_000 {
		g.wrote(0)
	}
	if got := fill(g); got != firstLimit {
		t.Errorf("it lets %d in, want %d", got, firstLimit)
	}
}

func TestGateTellsThatTheMemberIsWell(t *testing.T) {
	c, woken, well := testingclock.NewFakeClock(time.Now()), 0, 0
	g := newGate(c, 64, func() { woken++ }, func() { well++ })
	g.tell(answered, c.Now(), 0, "")
	for range deadAfter {
		g.tell(dead, c.Now(), 0, "it is dead")
	}
	if g.closed() != "it is dead" || well != 0 {
		t.Errorf("it says %q; well %d times", g.closed(), well)
	}
	c.Step(time.Minute)
	g.tell(answered, c.Now(), 0, "")
	if g.closed() != "" || well != 1 || woken == 0 {
		t.Errorf("it says %q; well %d times, woken %d times", g.closed(), well, woken)
	}
}
