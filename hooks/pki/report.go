package pki

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// report collects what happened to each Secret while they are written at the
// same time, and prints it in the order of the table.
type report struct {
	federation string
	mu         sync.Mutex
	entries    []entry
}

type entry struct {
	rank    int
	text    string
	changed bool
}

// secret adds the line of one Secret; a zero time means that it never expires.
func (r *report) secret(s *corev1.Secret, outcome secrets.Outcome, done []string, until time.Time) {
	text := fmt.Sprintf("secret %s/%s: %s", s.Namespace, s.Name, outcome)
	if len(done) > 0 {
		text += " (" + strings.Join(done, "; ") + ")"
	}
	if !until.IsZero() {
		text += ", valid until " + day(until)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{
		rank:    slices.Index(secrets.MadeByHooks(), strings.TrimPrefix(s.Name, r.federation+"-")),
		text:    text,
		changed: outcome != secrets.Kept,
	})
}

// note adds a line that comes after those of the Secrets.
func (r *report) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, entry{rank: len(secrets.MadeByHooks()), text: fmt.Sprintf(format, args...), changed: true})
}

func (r *report) print(out io.Writer)        { r.write(out, func(entry) bool { return true }) }
func (r *report) printChanges(out io.Writer) { r.write(out, func(e entry) bool { return e.changed }) }

func (r *report) write(out io.Writer, wanted func(entry) bool) {
	slices.SortStableFunc(r.entries, func(a, b entry) int { return a.rank - b.rank })
	for _, e := range r.entries {
		if wanted(e) {
			// Progress that cannot be shown is no reason to fail.
			_, _ = fmt.Fprintln(out, e.text)
		}
	}
}

// expiry returns when the first of the Secret's certificates expires.
func expiry(s *corev1.Secret, want sheet) time.Time {
	var first time.Time
	for _, l := range want.leaves {
		certs, err := pki.ParseBundle(s.Data[l.certKey()])
		if err != nil {
			continue // another run has just replaced it with something unreadable: its own report will say
		}
		if first.IsZero() || certs[0].NotAfter.Before(first) {
			first = certs[0].NotAfter
		}
	}
	return first
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
