package release

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/release"
)

func TestKept(t *testing.T) {
	type step = func(*testing.T, *Client, *fakeCluster)
	trial := func(value string) step {
		return func(t *testing.T, c *Client, _ *fakeCluster) {
			t.Helper()
			r := request(value)
			r.Trial = true
			if _, err := c.Apply(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	byHelm := func(value string) step {
		return func(t *testing.T, c *Client, _ *fakeCluster) { t.Helper(); applied(value)(t, c) }
	}
	up := func(t *testing.T, c *Client, _ *fakeCluster) {
		t.Helper()
		if err := c.CameUp(t.Context(), "fellowship"); err != nil {
			t.Fatal(err)
		}
	}
	failing := func(value string) step {
		return func(t *testing.T, c *Client, cluster *fakeCluster) {
			t.Helper()
			cluster.hookErr = errors.New("job fellowship-pki failed: BackoffLimitExceeded")
			if _, err := c.Apply(t.Context(), request(value)); err == nil {
				t.Fatal("the release did not fail")
			}
			cluster.hookErr = nil
		}
	}
	in := func(status release.Status) step {
		return func(t *testing.T, c *Client, _ *fakeCluster) {
			t.Helper()
			last, err := c.last(t.Context(), "fellowship")
			if err != nil {
				t.Fatal(err)
			}
			last.Info.Status = status
			if err := c.cfg.Releases.Update(last); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name  string
		steps []step
		isUp  bool // by now
		value string
		up    bool
	}{
		{name: "a release that somebody's Helm has deployed came up", steps: []step{byHelm("a")}, value: "a", up: true},
		{name: "one on trial has not come up before that is said", steps: []step{trial("a")}, value: "a"},
		{name: "and has when it is said", steps: []step{trial("a"), up}, value: "a", up: true},
		{name: "the newest that came up counts", steps: []step{trial("a"), up, trial("b"), up}, value: "b", up: true},
		{name: "a first install that failed did not come up", steps: []step{failing("a")}, value: "a"},
		{name: "a failed upgrade hands nothing on", steps: []step{trial("a"), up, failing("b")}, value: "a", up: true},
		{name: "nor several", steps: []step{byHelm("a"), failing("b"), failing("c")}, value: "a", up: true},
		{name: "nor an upgrade that was deployed and did not come up", steps: []step{trial("a"), up, trial("b")}, value: "a", up: true},
		{name: "of those that did not come up, one that was deployed goes before one that was not", steps: []step{trial("a"), failing("b")}, value: "a"},
		{name: "unless it is up by now", steps: []step{trial("a"), up, trial("b")}, isUp: true, value: "b", up: true},
		{name: "so is a first install that nobody saw come up", steps: []step{trial("a")}, isUp: true, value: "a", up: true},
		{name: "what is up is what Helm deployed, not what failed since", steps: []step{trial("a"), up, trial("b"), failing("c")}, isUp: true, value: "b", up: true},
		{name: "a first install that failed is none that is up", steps: []step{failing("a")}, isUp: true, value: "a"},
		{name: "what somebody's Helm deployed came up, whatever was on trial before", steps: []step{trial("a"), up, trial("b"), byHelm("c")}, value: "c", up: true},
		{name: "and is none for fedhelm to mark", steps: []step{trial("a"), byHelm("b"), up}, value: "b", up: true},
		{name: "an upgrade that was killed hands nothing on", steps: []step{trial("a"), up, trial("b"), in(release.StatusPendingUpgrade)}, value: "a", up: true},
		{name: "an uninstall that was refused takes nothing away", steps: []step{trial("a"), up, in(release.StatusUninstalling)}, value: "a", up: true},
		{name: "not even when an upgrade failed since", steps: []step{trial("a"), up, in(release.StatusUninstalling), failing("b")}, value: "a", up: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, cluster := newFake(t)
			for _, step := range tt.steps {
				step(t, c, cluster)
			}
			kept, err := c.Kept(t.Context(), "fellowship", "federation", func() bool { return tt.isUp })
			if err != nil || kept.Values["value"] != tt.value || kept.CameUp != tt.up {
				t.Errorf("Kept = %+v, %v; want value %q and CameUp %v", kept, err, tt.value, tt.up)
			}
		})
	}
}

// Helm's history has an end, but not soon before what came up.
func TestKeptOutlivesTrials(t *testing.T) {
	c, _ := newFake(t)
	try := func(value string) {
		t.Helper()
		r := request(value)
		r.Trial = true
		if _, err := c.Apply(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	try("good")
	if err := c.CameUp(t.Context(), "fellowship"); err != nil {
		t.Fatal(err)
	}
	for i := range 2 * maxHistory {
		try(fmt.Sprint("bad", i))
	}
	kept, err := c.Kept(t.Context(), "fellowship", "federation", func() bool { return false })
	if err != nil || kept.Values["value"] != "good" || !kept.CameUp {
		t.Errorf("Kept = %+v, %v; want what came up", kept, err)
	}
	try("better")
	if err := c.CameUp(t.Context(), "fellowship"); err != nil {
		t.Fatal(err)
	}
	try("bad")
	if history, err := c.history(t.Context(), "fellowship"); err != nil || len(history) != maxHistory {
		t.Errorf("after that %d revisions are left, %v; want %d", len(history), err, maxHistory)
	}
	for i := range mostHistory {
		try(fmt.Sprint("worse", i))
	}
	if history, err := c.history(t.Context(), "fellowship"); err != nil || len(history) > mostHistory {
		t.Errorf("after very many trials there are %d revisions, %v; want no more than %d", len(history), err, mostHistory)
	}
}

func TestKeptIsOfOneChartAlone(t *testing.T) {
	c, _ := newFake(t)
	if _, err := c.Kept(t.Context(), "fellowship", "federation", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("without a release: %v, want ErrNotFound", err)
	}
	applied("a")(t, c)
	if _, err := c.Kept(t.Context(), "fellowship", "wordpress", nil); !errors.Is(err, ErrOtherChart) {
		t.Errorf("got %v, want ErrOtherChart", err)
	}
}

func TestCameUpChangesNothingThatApplyLooksAt(t *testing.T) {
	c, cluster := newFake(t)
	r := request("a")
	r.Trial = true
	for range 2 {
		if _, err := c.Apply(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if err := c.CameUp(t.Context(), "fellowship"); err != nil {
			t.Fatal(err)
		}
	}
	last, err := c.last(t.Context(), "fellowship")
	if err != nil || last.Version != 1 || cluster.writes == 0 {
		t.Errorf("the second time made revision %d, %v", last.Version, err)
	}
}

func TestWithin(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	cause := errors.New("the limit")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, cause)
	defer cancel()
	hung := func() (string, error) { <-never; return "", nil }
	if _, err := within(ctx, hung); !errors.Is(err, cause) {
		t.Errorf("work that does not end gives %v, want the context's cause", err)
	}
	if _, err := withGrace(ctx, 20*time.Millisecond, hung); !errors.Is(err, cause) {
		t.Errorf("after the grace it gives %v, want the context's cause", err)
	}
	slow := func() (string, error) { time.Sleep(20 * time.Millisecond); return "recorded", nil }
	if got, err := withGrace(ctx, 10*time.Second, slow); got != "recorded" || err != nil {
		t.Errorf("work that ends in the grace gives %q, %v", got, err)
	}
}
