package state

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/resourceversion"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// look writes what there is to write of one object, and returns when to look again; 0: when something has changed.
func (w *Writer) look(ctx context.Context, key delivery.Key, m *memory) time.Duration {
	s, ok := w.o.Snapshot(key)
	if !ok {
		*m = memory{}
		w.forgetReplicaSet(key)
		return 0
	}
	now := w.o.Clock.Now()
	if m.version != "" && older(s.ResourceVersion, m.version) {
		// What is made from a snapshot that does not show the last write would tell of the same transitions again.
		if rest := m.hold(now, longestSoft); rest > 0 {
			return rest
		}
	}
	m.version = ""
	if rest := m.hold(now, s.patience()); rest > 0 {
		return rest
	}
	c, err := compose(&s, now)
	if c.nothing() {
		m.waits = time.Time{}
	} else if rest := m.hold(now, w.deference(&s, &c)); rest > 0 {
		return rest
	}
	log := ctrl.LoggerFrom(ctx).WithValues("kind", key.Kind, "namespace", key.Namespace, "name", key.Name)
	ctx = ctrl.LoggerInto(ctx, log)
	wrote, writeErr := w.write(ctx, &s, &c)
	if err == nil {
		err = writeErr
	}
	if err == nil && s.Helm && !s.Deleting {
		err = w.keepReplicaSet(ctx, &s, &c)
	}
	if err != nil && ctx.Err() == nil {
		m.failures++
		rest := min(pace<<min(m.failures-1, 10), longestRetry)
		log.Error(err, "Could not write the state of an object; it is tried again", "after", rest)
		return rest
	}
	*m = memory{version: wrote}
	if wrote != "" {
		return pace
	}
	return 0
}

// hold returns how long to wait on until the state has been held back for the limit; 0: no longer.
func (m *memory) hold(now time.Time, limit time.Duration) time.Duration {
	if limit == 0 {
		return 0
	}
	if m.waits.IsZero() {
		m.waits = now
	}
	left := m.waits.Add(limit).Sub(now)
	if left <= 0 {
		return 0
	}
	return min(max(pace, limit/5), longestNap, left)
}

// deference is how long what there is to write may wait for what members have to do; 0: it may not.
func (w *Writer) deference(s *Snapshot, c *composed) time.Duration {
	switch atRest := !s.Touched && !s.Deleting; {
	case c.soft && atRest && w.o.Busy(delivery.Recheck):
		return longestBulk
	case c.soft && (s.Deleting || w.o.Busy(delivery.User)), atRest && w.o.Busy(delivery.Recheck):
		return longestSoft
	}
	return 0
}

// patience is how long to wait for members that can be reached, and have not looked at the object since it or the process is there.
func (s *Snapshot) patience() time.Duration {
	looked, unlooked := false, false
	for i := range s.Parts {
		p := &s.Parts[i]
		yet := p.Selected && p.Reachable && p.State == "" && !p.applied()
		looked, unlooked = looked || !yet, unlooked || yet
	}
	switch {
	case !unlooked:
		return 0
	case s.written() || !looked:
		return longestUnlooked
	default:
		return longestLate
	}
}

// older tells whether a version came before another; false for versions that cannot be compared.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}
