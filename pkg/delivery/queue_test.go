package delivery

import (
	"fmt"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"
)

func key(name string) Key { return Key{Kind: "configmaps", Namespace: "shire", Name: name} }

func some(q *queue) bool { n, _ := q.some(); return n > 0 }

// taken takes all keys out that are ready, and gives none back.
func taken(q *queue) string {
	all := ""
	for {
		k, p, ok := q.get()
		if !ok {
			return all
		}
		all += fmt.Sprintf("%s%d ", k.Name, p)
	}
}

func TestQueue(t *testing.T) {
	tests := []struct {
		name string
		do   func(*queue, *testingclock.FakeClock)
		want string
	}{
		{"users come first, each in their order", func(q *queue, _ *testingclock.FakeClock) {
			q.add(key("a"), Recheck)
			q.add(key("b"), User)
			q.add(key("c"), Recheck)
			q.add(key("d"), User)
		}, "b1 d1 a0 c0 "},
		{"a key is in it once", func(q *queue, _ *testingclock.FakeClock) {
			q.add(key("a"), User)
			q.add(key("a"), User)
			q.add(key("a"), Recheck)
		}, "a1 "},
		{"one that becomes more urgent goes to the end of the urgent ones", func(q *queue, _ *testingclock.FakeClock) {
			q.add(key("a"), Recheck)
			q.add(key("b"), User)
			q.add(key("a"), User)
		}, "b1 a1 "},
		{"a later one is not ready before its time", func(q *queue, c *testingclock.FakeClock) {
			q.addAfter(key("a"), User, time.Second)
			c.Step(time.Second - 1)
		}, ""},
		{"a later one is ready when its time has come", func(q *queue, c *testingclock.FakeClock) {
			q.addAfter(key("b"), User, 2*time.Second)
			q.addAfter(key("a"), User, time.Second)
			c.Step(3 * time.Second)
		}, "a1 b1 "},
		{"of two times the first counts", func(q *queue, c *testingclock.FakeClock) {
			q.addAfter(key("a"), Recheck, time.Second)
			q.addAfter(key("a"), Recheck, time.Hour)
			q.addAfter(key("b"), Recheck, time.Hour)
			q.addAfter(key("b"), User, time.Second)
			c.Step(time.Second)
		}, "b1 a0 "},
		{"one that is asked for now does not wait", func(q *queue, c *testingclock.FakeClock) {
			q.addAfter(key("a"), Recheck, time.Hour)
			q.add(key("a"), Recheck)
			c.Step(2 * time.Hour)
		}, "a0 "},
		{"one that waits for its time does not become less urgent by being asked for", func(q *queue, _ *testingclock.FakeClock) {
			q.addAfter(key("a"), User, time.Hour)
			q.add(key("a"), Recheck)
		}, "a1 "},
		{"one that somebody has is not handed out, but again when it is given back", func(q *queue, _ *testingclock.FakeClock) {
			q.add(key("a"), User)
			q.get()
			q.add(key("a"), Recheck)
			q.add(key("a"), User)
			q.add(key("b"), Recheck)
			if got := taken(q); got != "b0 " {
				panic(got)
			}
			q.done(key("a"))
		}, "a1 "},
		{"one that is due while somebody has it comes after", func(q *queue, c *testingclock.FakeClock) {
			q.add(key("a"), User)
			q.get()
			q.addAfter(key("a"), Recheck, time.Second)
			c.Step(time.Second)
			q.done(key("a"))
		}, "a0 "},
		{"one that is given back is forgotten", func(q *queue, c *testingclock.FakeClock) {
			q.add(key("a"), User)
			q.get()
			q.done(key("a"))
			if len(q.items) != 0 {
				panic("it is remembered")
			}
			c.Step(time.Hour)
		}, ""},
		{"one that is closed takes nothing more", func(q *queue, c *testingclock.FakeClock) {
			q.close()
			q.addAfter(key("a"), User, time.Second)
			q.add(key("b"), User)
			c.Step(time.Hour)
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := testingclock.NewFakeClock(time.Now())
			depth := map[Priority]int{}
			q := newQueue(c, make(chan struct{}, 1), func(p Priority, n int) { depth[p] = n })
			tt.do(q, c)
			if got := taken(q); got != tt.want {
				t.Errorf("it hands out %q, want %q", got, tt.want)
			}
			if depth[User] != 0 || depth[Recheck] != 0 || some(q) {
				t.Errorf("it counts %v in an empty queue", depth)
			}
		})
	}
}

func TestQueueMakesRoomForWhatWasTaken(t *testing.T) {
	q := newQueue(testingclock.NewFakeClock(time.Now()), make(chan struct{}, 1), func(Priority, int) {})
	for i := range 10_000 {
		q.add(key(fmt.Sprint(i)), User)
		q.add(key(fmt.Sprint(-i-1)), User)
		k, _, _ := q.get()
		q.done(k)
	}
	for range 9_990 {
		k, _, _ := q.get()
		q.done(k)
	}
	if n := len(q.ready[User].items); n > 2_100 {
		t.Errorf("there is room for %d keys, of which 10 are left", n)
	}
}
