//go:build e2e

package e2e

import "testing"

// tests and parts bound how many tests, and how many parts of tests that run beside each other, are at work at a time: they mostly wait, and
// each test may have a federation's pods on the host's node. Go's own bound (-parallel) is one for both: tests that wait for a member
// cluster would have all its places, and the test that has the cluster would find none for its parts, without which it never gives it back.
var tests, parts = make(slots, 4), make(slots, 4)

type slots chan struct{}

// take takes a slot until the test, or the part, ends.
func (s slots) take(t *testing.T) {
	t.Helper()
	s <- struct{}{}
	t.Cleanup(func() { <-s })
}
