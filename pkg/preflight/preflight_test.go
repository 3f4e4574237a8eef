package preflight

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

func TestRun(t *testing.T) {
	var ran atomic.Int32
	good := Check{"good", func(context.Context) error { ran.Add(1); return nil }}
	broken := Check{"broken", func(context.Context) error { return errors.New("no answer") }}
	bad := Check{"bad", func(context.Context) error { return &Problem{Reason: "there is no ring", WayOut: "forge one"} }}
	odd := Check{"odd", func(context.Context) error { return &Problem{Reason: "it glows", Warning: true} }}

	t.Run("all that fails in a stage is reported, in order and with its way out", func(t *testing.T) {
		err := Run(t.Context(), []Check{bad, good, broken}).Err()
		want := "bad: there is no ring; forge one\nbroken: cannot be checked: no answer"
		if err == nil || err.Error() != want {
			t.Errorf("Err() = %v, want %v", err, want)
		}
	})
	t.Run("a failed stage is the last", func(t *testing.T) {
		ran.Store(0)
		if results := Run(t.Context(), []Check{bad}, []Check{good}); len(results) != 1 || ran.Load() != 0 {
			t.Errorf("results = %v, later checks run: %d", results, ran.Load())
		}
	})
	t.Run("a warning is no failure", func(t *testing.T) {
		results := Run(t.Context(), []Check{odd}, []Check{good})
		if err := results.Err(); err != nil {
			t.Errorf("Err() = %v", err)
		}
		if got := results.Warnings(); !slices.Equal(got, []string{"odd: it glows"}) {
			t.Errorf("Warnings() = %v", got)
		}
		if len(results) != 2 {
			t.Errorf("the stage after a warning did not run: %v", results)
		}
	})
	t.Run("the checks of a stage run at the same time", func(t *testing.T) {
		met := make(chan struct{})
		meet := func(context.Context) error {
			select {
			case met <- struct{}{}:
			case <-met:
			case <-t.Context().Done():
				return errors.New("alone")
			}
			return nil
		}
		if err := Run(t.Context(), []Check{{"a", meet}, {"b", meet}}).Err(); err != nil {
			t.Error(err)
		}
	})
}

// problem runs check and returns what it found as text, "" for nothing.
func problem(t *testing.T, check func(context.Context) error) string {
	t.Helper()
	if err := check(t.Context()); err != nil {
		return err.Error()
	}
	return ""
}

func wantProblem(t *testing.T, got string, parts ...string) {
	t.Helper()
	if len(parts) == 0 && got != "" {
		t.Errorf("problem %q, want none", got)
	}
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("problem %q lacks %q", got, part)
		}
	}
}
