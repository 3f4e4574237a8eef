package progress

import (
	"fmt"
	"time"

	"k8s.io/utils/clock"
)

const (
	spinEvery = 120 * time.Millisecond
	wipeLine  = "\r\x1b[K" // carriage return, clear to the end of the line
)

var frames = []rune(`|/-\`)

// spin redraws the step until it ends.
func (s *Step) spin(t clock.Ticker) {
	defer t.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-t.C():
			s.r.mu.Lock()
			s.r.frame++
			s.r.draw()
			s.r.mu.Unlock()
		}
	}
}

// draw writes the line of the step that was started last, in place of the one that is there.
func (r *Reporter) draw() {
	r.wipe()
	if !r.o.Terminal || len(r.steps) == 0 {
		return
	}
	s := r.steps[len(r.steps)-1]
	text := fmt.Sprintf("%c %s (%s)", frames[r.frame%len(frames)], s.name, r.since(s.start))
	if s.waiting != "" {
		text += ": " + s.waiting
	}
	if line := []rune(text); len(line) >= r.o.Width { // a wrapped line cannot be wiped
		text = string(line[:r.o.Width-2]) + "…"
	}
	fmt.Fprint(r.o.Out, text)
	r.drawn = true
}

func (r *Reporter) wipe() {
	if r.drawn {
		fmt.Fprint(r.o.Out, wipeLine)
		r.drawn = false
	}
}
