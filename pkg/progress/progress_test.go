package progress

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"
)

// buffer is a writer that may be read while others write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newReporter(o Options) (*Reporter, *buffer, *clocktesting.FakeClock) {
	out, c := &buffer{}, clocktesting.NewFakeClock(time.Unix(0, 0))
	o.Out, o.Clock = out, c
	return New(o), out, c
}

func TestReporter(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		do   func(*Reporter, *clocktesting.FakeClock)
		want string
	}{
		{
			name: "a step is one line with its time",
			do: func(r *Reporter, c *clocktesting.FakeClock) {
				s := r.Start("install the chart")
				c.Step(1230 * time.Millisecond)
				s.Done()
			},
			want: "install the chart (1.2s)\n",
		},
		{
			name: "what a step waits for is a new line only when it changes",
			do: func(r *Reporter, c *clocktesting.FakeClock) {
				s := r.Start("wait")
				s.Waitingf("pod %s: pulling", "a")
				s.Waitingf("pod a: pulling")
				s.Waitingf("pod b: starting")
				c.Step(time.Minute)
				s.Donef("reached at %s", "172.30.0.50")
			},
			want: "wait: waiting: pod a: pulling\nwait: waiting: pod b: starting\nwait: reached at 172.30.0.50 (60.0s)\n",
		},
		{
			name: "what others say does not move the cursor",
			do: func(r *Reporter, _ *clocktesting.FakeClock) {
				s := r.Start("wait for \x1b[2J")
				s.Waitingf("%s", "first\nsecond\r\x1b[1A")
				r.Warnf("a\x07\nb")
				s.Donef("\x1b]0;owned")
			},
			want: "wait for  [2J: waiting: first second  [1A\nwarning: a \nb\nwait for  [2J:  ]0;owned (0.0s)\n",
		},
		{
			name: "only the first end counts",
			do: func(r *Reporter, _ *clocktesting.FakeClock) {
				s := r.Start("wait")
				s.Fail()
				s.Done()
				s.Waitingf("nothing")
			},
			want: "wait: failed (0.0s)\n",
		},
		{
			name: "a remark may hold a per cent sign",
			do:   func(r *Reporter, _ *clocktesting.FakeClock) { r.Start("50% of it").Donef("%d%%", 100) },
			want: "50% of it: 100% (0.0s)\n",
		},
		{
			name: "details are for the verbose",
			do:   func(r *Reporter, _ *clocktesting.FakeClock) { r.Detailf("chart %d", 1); r.Warnf("careful") },
			want: "warning: careful\n",
		},
		{
			name: "the verbose see details", o: Options{Verbose: true},
			do:   func(r *Reporter, _ *clocktesting.FakeClock) { r.Detailf("chart %d", 1) },
			want: "  chart 1\n",
		},
		{
			name: "the quiet see warnings alone", o: Options{Quiet: true, Verbose: true, Terminal: true},
			do: func(r *Reporter, _ *clocktesting.FakeClock) {
				s := r.Start("wait")
				s.Waitingf("something")
				r.Detailf("detail")
				r.Warnf("careful")
				s.Done()
			},
			want: "warning: careful\n",
		},
		{
			name: "a terminal's last line is updated in place", o: Options{Terminal: true, Width: 30},
			do: func(r *Reporter, _ *clocktesting.FakeClock) {
				s := r.Start("wait")
				s.Waitingf("a thing with a very long name")
				r.Warnf("careful")
				s.Done()
			},
			want: "| wait (0.0s)" + wipeLine +
				"| wait (0.0s): a thing with …" + wipeLine +
				"warning: careful\n" +
				"| wait (0.0s): a thing with …" + wipeLine +
				"wait (0.0s)\n",
		},
		{
			name: "when the last of two steps ends the other is shown again", o: Options{Terminal: true},
			do: func(r *Reporter, _ *clocktesting.FakeClock) {
				a := r.Start("a")
				b := r.Start("b")
				b.Done()
				a.Done()
			},
			want: "| a (0.0s)" + wipeLine + "| b (0.0s)" + wipeLine + "b (0.0s)\n| a (0.0s)" + wipeLine + "a (0.0s)\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, out, c := newReporter(tt.o)
			tt.do(r, c)
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpinnerTurnsUntilTheStepEnds(t *testing.T) {
	r, out, c := newReporter(Options{Terminal: true})
	s := r.Start("wait")
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(out.String(), "/ wait"); {
		if time.Now().After(deadline) {
			t.Fatalf("the spinner does not turn: %q", out)
		}
		c.Step(spinEvery)
		time.Sleep(time.Millisecond)
	}
	s.Done()
	after := out.String()
	if !strings.HasSuffix(after, ")\n") {
		t.Errorf("the last line is not the step's end: %q", after)
	}
	for range 10 {
		c.Step(spinEvery)
		time.Sleep(time.Millisecond)
	}
	if got := out.String(); got != after {
		t.Errorf("the spinner goes on after the step ended: %q", strings.TrimPrefix(got, after))
	}
}

func TestNilIsSilent(*testing.T) {
	var r *Reporter
	s := r.Start("wait")
	s.Waitingf("nothing")
	s.Donef("nothing")
	s.Done()
	s.Fail()
	r.Warnf("nothing")
	r.Detailf("nothing")
}

func TestConcurrentStepsWriteWholeLines(t *testing.T) {
	r, out, _ := newReporter(Options{})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			s := r.Start("step")
			s.Waitingf("other")
			s.Done()
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 32 {
		t.Errorf("%d lines, want 32", len(lines))
	}
	for _, l := range lines {
		if l != "step (0.0s)" && l != "step: waiting: other" {
			t.Errorf("torn line %q", l)
		}
	}
}
