// Package progress tells a person what a command is doing: one line per step with its time and,
// while a step waits, what it waits for.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

// longest is what of a step is shown at most, in bytes.
const longest = 4096

// Options says where and how a Reporter writes. Out is required.
type Options struct {
	Out      io.Writer
	Terminal bool             // Out is a terminal: the last line is updated in place, with a spinner
	Width    int              // columns of the terminal; longer lines would not be updated in place. 0 means 80
	Quiet    bool             // nothing but warnings
	Verbose  bool             // details too
	Clock    clock.WithTicker // nil means the real one
}

// Reporter writes the progress of one command. It is safe for concurrent use; a nil Reporter is silent.
// Errors of the writer are ignored: a closed terminal does not stop the command.
type Reporter struct {
	o Options

	mu    sync.Mutex
	steps []*Step // that are running; the last one has the terminal's last line
	frame int
	drawn bool // the last line of the terminal is a running step's
}

// New returns a Reporter that writes to o.Out.
func New(o Options) *Reporter {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Width <= 0 {
		o.Width = 80
	}
	return &Reporter{o: o}
}

// Warnf writes a line even when the reporter is quiet.
func (r *Reporter) Warnf(format string, a ...any) {
	if r != nil {
		r.line("warning: " + fmt.Sprintf(format, a...))
	}
}

// Detailf writes a line when the reporter is verbose.
func (r *Reporter) Detailf(format string, a ...any) {
	if r != nil && r.o.Verbose && !r.o.Quiet {
		r.line("  " + fmt.Sprintf(format, a...))
	}
}

// Start begins a step, such as "wait for the address of the API server". It ends with Done, Donef or Fail;
// until then a terminal shows it with a spinner. Steps may overlap.
func (r *Reporter) Start(name string) *Step {
	if r == nil {
		return nil
	}
	s := &Step{r: r, name: printable.Line(name, longest), start: r.o.Clock.Now(), ended: make(chan struct{})}
	if r.o.Quiet {
		return s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, s)
	if r.o.Terminal {
		r.draw()
		go s.spin(r.o.Clock.NewTicker(spinEvery))
	}
	return s
}

// line writes one line that stays.
func (r *Reporter) line(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(s)
}

func (r *Reporter) keep(s string) {
	r.wipe()
	fmt.Fprintln(r.o.Out, printable.Lines(s))
	r.draw()
}

func (r *Reporter) since(t time.Time) string {
	return fmt.Sprintf("%.1fs", r.o.Clock.Since(t).Seconds())
}
