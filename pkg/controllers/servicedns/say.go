package servicedns

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const nodes = fedv1beta1.DNSAddressesNodes

// say writes what there is to say of a Service, unless it says so already, or was written a moment ago, or zones have yet to answer. It returns
// when to look again.
func (c *Controller) say(ctx context.Context, s *source, m *memory, v verdict) (again time.Duration, err error) {
	now := c.o.Clock.Now()
	again = c.tellMoves(s, m, v, now)
	settled := v.settled()
	switch {
	case settled:
		m.waits, m.settled = time.Time{}, true
	case m.waits.IsZero():
		m.waits = now
	}
	if rest := m.waits.Add(patience).Sub(now); !settled && rest > 0 {
		return sooner(again, rest), nil
	}
	if rest := m.since.Add(patience).Sub(now); s.condition == nil && v.names == 0 && len(v.problems) == 0 && rest > 0 {
		return sooner(again, rest), nil // members have not had the time to take it in
	}
	annotation := v.members.Encode()
	condition := s.condition
	// With another annotation it is always another: who waits for what the annotation says to be in the zones goes by the condition.
	if settled || annotation != s.annotation || v.failed() && (m.settled || s.condition == nil) {
		condition = v.condition(s, now)
	}
	if annotation == s.annotation && sameCondition(condition, s.condition, !settled) {
		return again, nil
	}
	if rest := m.wrote.Add(pace).Sub(now); rest > 0 {
		return sooner(again, rest), nil
	}
	version, err := write(ctx, c.o.Services, s, annotation, condition)
	if err != nil {
		return 0, err
	}
	m.wrote, m.version = now, version
	c.announce(s, condition)
	return again, nil
}

// settled tells whether all zones have what is wanted, or never will.
func (v *verdict) settled() bool {
	return !slices.ContainsFunc(v.zones, func(z standing) bool { return !z.Settled })
}

// failed tells whether a zone has tried in vain.
func (v *verdict) failed() bool {
	return slices.ContainsFunc(v.zones, func(z standing) bool { return !z.Settled && z.Err != nil })
}

// sooner is the earlier of two times to look again, of which 0 is never.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// distinct sorts texts, and leaves each once.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// sameCondition tells whether two say the same. While a provider fails, what it says differs from one try to the next.
func sameCondition(a, b *metav1.Condition, failing bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Status == b.Status && a.Reason == b.Reason && (a.Message == b.Message || failing)
}

// older tells whether a version came before another; false for versions that cannot be compared.
func older(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order < 0
}
