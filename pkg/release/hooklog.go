package release

import (
	"io"
	"strings"
	"sync"
)

// errorPrefix begins the last line that a failed hook of ours prints.
const errorPrefix = "error: "

// hookLog keeps what hook pods said, so that a failed one speaks for itself.
type hookLog struct {
	mu   sync.Mutex
	pods []string // in the order in which Helm fetched them
	text map[string]*strings.Builder
}

func newHookLog() *hookLog { return &hookLog{text: map[string]*strings.Builder{}} }

// writer takes the log of one pod.
func (l *hookLog) writer(pod string) io.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text[pod] == nil {
		l.text[pod] = &strings.Builder{}
		l.pods = append(l.pods, pod)
	}
	return &podWriter{log: l, pod: pod}
}

// reset forgets everything, so that a later failure is not explained by an older one.
func (l *hookLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pods, l.text = nil, map[string]*strings.Builder{}
}

// sentence is the last error that a hook reported, without its prefix; else the last line that any hook wrote; else "".
func (l *hookLog) sentence() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := ""
	for i := len(l.pods) - 1; i >= 0; i-- {
		lines := strings.Split(strings.TrimSpace(l.text[l.pods[i]].String()), "\n")
		for j := len(lines) - 1; j >= 0; j-- {
			line := strings.TrimSpace(lines[j])
			if said, ok := strings.CutPrefix(line, errorPrefix); ok {
				return said
			}
			if last == "" {
				last = line
			}
		}
	}
	return last
}

type podWriter struct {
	log *hookLog
	pod string
}

func (w *podWriter) Write(p []byte) (int, error) {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	if text := w.log.text[w.pod]; text != nil {
		text.Write(p)
	}
	return len(p), nil
}
