package held

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// after says no so long, then yes.
func after(wait time.Duration) func(context.Context) bool {
	begin := time.Now()
	return func(context.Context) bool { return time.Since(begin) >= wait }
}

func TestUntil(t *testing.T) {
	for _, tt := range []struct {
		name       string
		yes, limit time.Duration
		want       bool
		takes      time.Duration
	}{
		{"a yes that is there", 0, time.Hour, true, 0},
		{"a yes that comes", time.Second, time.Hour, true, time.Second},
		{"none within the patience", time.Minute, time.Hour, false, Patience},
		{"none before the prober has gone", time.Minute, 2 * time.Second, false, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				defer cancel()
				begin := time.Now()
				if got := Until(ctx, Patience, after(tt.yes)); got != tt.want || time.Since(begin) != tt.takes {
					t.Errorf("%t after %s, want %t after %s", got, time.Since(begin), tt.want, tt.takes)
				}
			})
		})
	}
}

func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Readiness{Patience: Patience}
		never, now := after(time.Hour), after(0)
		steps := []struct {
			look  func(context.Context) bool
			want  bool
			takes time.Duration
		}{
			{never, false, Patience}, // at first a yes is the news
			{never, false, Patience},
			{now, true, 0},
			{never, false, 0}, // then a no is,
			{never, false, 0},
			{never, false, 0}, // until the kubelet has heard it three times
			{never, false, Patience},
			{never, false, Patience},
			{now, true, 0},
			{never, false, 0},
			{now, true, 0},
			{never, false, 0},
			{never, false, 0},
			{never, false, 0},
			{never, false, Patience},
		}
		for i, s := range steps {
			begin := time.Now()
			if got := r.Look(t.Context(), s.look); got != s.want || time.Since(begin) != s.takes {
				t.Errorf("probe %d: %t after %s, want %t after %s", i+1, got, time.Since(begin), s.want, s.takes)
			}
		}
	})
}
