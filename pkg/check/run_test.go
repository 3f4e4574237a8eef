package check

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func saysOK(context.Context) Outcome     { return ok("fine") }
func saysFailed(context.Context) Outcome { return failure("mend it", "broken") }

func TestRun(t *testing.T) {
	slow := func(ctx context.Context) Outcome {
		<-ctx.Done()
		return failure("", "%v", ctx.Err())
	}
	deaf := func(context.Context) Outcome {
		time.Sleep(time.Hour)
		return ok("at last")
	}
	tests := []struct {
		name   string
		checks []Check
		want   []expected
	}{
		{
			name:   "results stand in the order of the checks",
			checks: []Check{{Name: "a", Run: saysOK}, {Name: "b", Run: saysFailed}},
			want:   []expected{{level: OK, text: "fine"}, {level: Failure, text: "broken", mend: "mend it"}},
		},
		{
			name:   "what needs a check that failed is skipped, and so is what needs that",
			checks: []Check{{Name: "a", Run: saysFailed}, {Name: "b", Needs: []string{"a"}, Run: saysOK}, {Name: "c", Needs: []string{"b"}, Run: saysOK}},
			want:   []expected{{level: Failure}, {level: Skipped, text: "a comes first"}, {level: Skipped, text: "b comes first"}},
		},
		{
			name: "a warning keeps nothing from being looked at",
			checks: []Check{
				{Name: "a", Run: func(context.Context) Outcome { return warning("", "hm") }},
				{Name: "b", Needs: []string{"a"}, Run: saysOK},
			},
			want: []expected{{level: Warning}, {level: OK}},
		},
		{
			name: "a check of the same name in another category is another check",
			checks: []Check{
				{Category: "x", Name: "a", Run: saysFailed}, {Category: "y", Name: "a", Run: saysOK}, {Category: "y", Name: "b", Needs: []string{"a"}, Run: saysOK},
			},
			want: []expected{{level: Failure}, {level: OK}, {level: OK}},
		},
		{
			name:   "what a check needs and does not stand before it is not waited for",
			checks: []Check{{Name: "a", Needs: []string{"a", "b"}, Run: saysOK}, {Name: "b", Run: saysOK}},
			want:   []expected{{level: OK}, {level: OK}},
		},
		{
			name:   "a check has its own time-out",
			checks: []Check{{Name: "a", Limit: time.Second, Run: slow}, {Name: "b", Run: slow}},
			want:   []expected{{level: Failure, text: "within 1s"}, {level: Failure, text: "within 10s"}},
		},
		{
			name:   "a check that minds no time-out holds up nobody",
			checks: []Check{{Name: "a", Limit: time.Second, Run: deaf}},
			want:   []expected{{level: Failure, text: "no answer within 1s", mend: "try again"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				report := Run(t.Context(), tt.checks)
				if took := time.Since(began); took > defaultLimit {
					t.Errorf("took %s", took)
				}
				if len(report) != len(tt.checks) {
					t.Fatalf("%d results of %d checks", len(report), len(tt.checks))
				}
				for i, want := range tt.want {
					if report[i].Name != tt.checks[i].Name || report[i].Category != tt.checks[i].Category {
						t.Errorf("result %d is of %s/%s", i, report[i].Category, report[i].Name)
					}
					want.check(t, report[i].Outcome)
				}
				time.Sleep(2 * time.Hour) // until the deaf have ended
			})
		})
	}
}

func TestRunIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		checks := make([]Check, 100)
		for i := range checks {
			checks[i] = Check{Name: string(rune('a' + i)), Run: func(context.Context) Outcome {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				return ok("")
			}}
		}
		began := time.Now()
		if report := Run(t.Context(), checks); report.Count(OK) != len(checks) {
			t.Errorf("%d of %d went well", report.Count(OK), len(checks))
		}
		if most.Load() != atOnce {
			t.Errorf("%d ran at a time, want %d", most.Load(), atOnce)
		}
		if took, want := time.Since(began), 7*time.Second; took != want {
			t.Errorf("a hundred checks of a second took %s, want %s", took, want)
		}
	})
}

func TestRunThatIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	report := Run(ctx, []Check{
		{Name: "a", Run: func(ctx context.Context) Outcome {
			cancel()
			<-ctx.Done()
			return failure("", "%v", ctx.Err())
		}},
		{Name: "b", Needs: []string{"a"}, Run: saysOK},
	})
	if report.Count(OK) > 0 {
		t.Errorf("something was looked at after the interrupt: %v", report)
	}
}
