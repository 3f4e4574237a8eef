package cluster

import (
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/members"
)

func TestPause(t *testing.T) {
	tests := []struct {
		name     string
		failures int
		settled  bool
		period   time.Duration
		want     time.Duration
	}{
		{name: "a member that is well is asked each period", settled: true, want: 10 * time.Second},
		{name: "so is one that was well", failures: 1, settled: true, want: 10 * time.Second},
		{name: "one that never was is asked soon", failures: 1, want: 500 * time.Millisecond},
		{name: "then later", failures: 2, want: time.Second},
		{name: "and later", failures: 5, want: 8 * time.Second},
		{name: "up to the period", failures: 6, want: 10 * time.Second},
		{name: "however long that takes", failures: 1000, want: 10 * time.Second},
		{name: "a period that is shorter is not exceeded", failures: 1, period: 50 * time.Millisecond, want: 50 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			period := 10 * time.Second
			if tt.period != 0 {
				period = tt.period
			}
			if got := pause(tt.failures, tt.settled, period); got != tt.want {
				t.Errorf("pause = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWhatIsKnownGood(t *testing.T) {
	known := func(before, now members.State) bool {
		m := &monitor{}
		m.begin(before, readyStatus())
		m.begin(now, readyStatus())
		return m.trial.settled
	}
	if none := (members.State{}); !known(none, valid("1")) {
		t.Error("what a controller manager before this one found good is not")
	}
	if none := (members.State{}); known(none, valid("2")) {
		t.Error("a credential is that nobody has tried")
	}
	if known(valid("1"), valid("1")) {
		t.Error("another address is, for the credential's sake")
	}
}
