// Package eventually waits in tests for what takes an unknown time.
package eventually

import (
	"testing"
	"time"
)

// Do calls f until it returns nil, and fails the test with f's last error when that
// takes longer than limit. what completes the sentence "waited in vain for".
func Do(tb testing.TB, limit time.Duration, what string, f func() error) {
	tb.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("waited %s in vain for %s: %v", limit, what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
