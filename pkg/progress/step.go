package progress

import (
	"fmt"
	"slices"
	"time"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

// Step is one thing that a command does. It is safe for concurrent use; a nil Step is silent.
// The first of Done, Donef and Fail counts, what comes after it is ignored.
type Step struct {
	r     *Reporter
	name  string
	start time.Time
	ended chan struct{}

	waiting string // guarded by r.mu, as is the closing of ended
}

// Waitingf says what the step waits for just now. Saying the same again writes nothing.
func (s *Step) Waitingf(format string, a ...any) {
	if s == nil {
		return
	}
	text := printable.Line(fmt.Sprintf(format, a...), longest)
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.over() || s.waiting == text {
		return
	}
	s.waiting = text
	switch {
	case s.r.o.Quiet || text == "":
	case s.r.o.Terminal:
		s.r.draw()
	default:
		fmt.Fprintf(s.r.o.Out, "%s: waiting: %s\n", s.name, text)
	}
}

// Done ends the step well.
func (s *Step) Done() { s.end("%s", "") }

// Donef ends the step well, with a remark.
func (s *Step) Donef(format string, a ...any) { s.end(": "+format, a...) }

// Fail ends the step badly. It says only that; what went wrong is for the command's error to say.
func (s *Step) Fail() { s.end(": failed") }

func (s *Step) end(format string, a ...any) {
	if s == nil {
		return
	}
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.over() {
		return
	}
	close(s.ended)
	r.steps = slices.DeleteFunc(r.steps, func(o *Step) bool { return o == s })
	if !r.o.Quiet {
		r.keep(fmt.Sprintf("%s%s (%s)", s.name, fmt.Sprintf(format, a...), r.since(s.start)))
	}
}

func (s *Step) over() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}
