package bed

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

// unusedPrefix is that of no test bed on the machine.
const unusedPrefix = "fhunit"

func newState(t *testing.T) State {
	t.Helper()
	return State(filepath.Join(t.TempDir(), "state"))
}

func settled(t *testing.T, s State, o plan.Options) *plan.Bed {
	t.Helper()
	if err := os.MkdirAll(string(s), 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := (Bed{State: s}).settle(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSettle(t *testing.T) {
	base := plan.Options{Prefix: unusedPrefix, Members: 2}
	tests := []struct {
		name  string
		then  plan.Options
		want  []string
		wrong string
	}{
		{name: "the same again is the same", then: base, want: []string{"rivendell", "gondor", "rohan"}},
		{name: "more members are added", then: plan.Options{Prefix: unusedPrefix, Members: 3}, want: []string{"rivendell", "gondor", "rohan", "arnor"}},
		{name: "fewer leave the others up", then: plan.Options{Prefix: unusedPrefix, Members: 0}, want: []string{"rivendell", "gondor", "rohan"}},
		{name: "another prefix is refused", then: plan.Options{Prefix: "other", Members: 2}, wrong: "take it down first"},
		{name: "another network is refused", then: plan.Options{Prefix: unusedPrefix, Network: "10.1.0.0/16", Members: 2}, wrong: "take it down first"},
		{name: "other nodes of a member are refused", then: plan.Options{Prefix: unusedPrefix, Members: 2, Kinds: []string{"simulated"}},
			wrong: `cluster "gondor" is up with real nodes`},
		{name: "another version of a member is refused", then: plan.Options{Prefix: unusedPrefix, Members: 2, Versions: map[string]string{"rohan": "1.35"}},
			wrong: `cluster "rohan" is up with Kubernetes of the test bed's own version, not 1.35`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newState(t)
			settled(t, s, base)
			b, err := (Bed{State: s}).settle(tt.then)
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("settle: %v, want an error that says %q", err, tt.wrong)
				}
				b, err = s.Load()
				tt.want = []string{"rivendell", "gondor", "rohan"} // as before
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(b.Names(), tt.want) {
				t.Errorf("clusters %v, want %v", b.Names(), tt.want)
			}
			if loaded, err := s.Load(); err != nil || !slices.Equal(loaded.Names(), tt.want) {
				t.Errorf("recorded: %v, %v", loaded, err)
			}
		})
	}
}

func TestMembersThatAreUpKeepTheirVersions(t *testing.T) {
	up := plan.Options{Prefix: unusedPrefix, Members: 2, Versions: map[string]string{"rohan": "1.35"}}
	tests := []struct {
		name  string
		then  plan.Options
		want  map[string]string
		wrong string
	}{
		{name: "asked for again", then: up, want: map[string]string{"rohan": "1.35"}},
		{name: "not asked for", then: plan.Options{Prefix: unusedPrefix, Members: 2}, want: map[string]string{"rohan": "1.35"}},
		{name: "fewer members", then: plan.Options{Prefix: unusedPrefix, Members: 0}, want: map[string]string{"rohan": "1.35"}},
		{name: "one more, of another version", then: plan.Options{Prefix: unusedPrefix, Members: 3, Versions: map[string]string{"arnor": "1.34"}},
			want: map[string]string{"rohan": "1.35", "arnor": "1.34"}},
		{name: "another version is refused", then: plan.Options{Prefix: unusedPrefix, Members: 2, Versions: map[string]string{"rohan": "1.34"}},
			want: map[string]string{"rohan": "1.35"}, wrong: `cluster "rohan" is up with Kubernetes of 1.35, not 1.34`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newState(t)
			settled(t, s, up)
			_, err := (Bed{State: s}).settle(tt.then)
			if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
				t.Errorf("settle: %v, want an error that says %q", err, tt.wrong)
			}
			b, err := s.Load()
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(b.Versions(), tt.want) {
				t.Errorf("versions %v, want %v", b.Versions(), tt.want)
			}
		})
	}
}

func TestAStateOfBeforeTheMachineStartedIsCleared(t *testing.T) {
	s := newState(t)
	settled(t, s, plan.Options{Prefix: unusedPrefix, Members: 2})
	sv, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	sv.Boot = "an earlier one"
	old := s.path("rivendell", "etcd", "data")
	if err := errors.Join(s.write(sv), os.MkdirAll(old, 0o755)); err != nil {
		t.Fatal(err)
	}
	if b := settled(t, s, plan.Options{Prefix: unusedPrefix, Members: 1}); len(b.Clusters) != 2 {
		t.Errorf("clusters %v, want only those asked for now", b.Names())
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("files of the earlier clusters: %v", err)
	}
}

func TestLockIsHeldByOneAtATime(t *testing.T) {
	s := newState(t)
	unlock, err := s.Lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(ctx); err == nil || !strings.Contains(err.Error(), "another testbed command") {
		t.Errorf("the second: %v", err)
	}
	unlock()
	again, err := s.Lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestALockThatWasRemovedWhileWaitingIsTakenAnew(t *testing.T) {
	s := newState(t)
	unlock, err := s.Lock(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan func())
	go func() {
		next, err := s.Lock(context.Background())
		if err != nil {
			t.Error(err)
			next = func() {}
		}
		got <- next
	}()
	time.Sleep(150 * time.Millisecond)              // it waits
	if err := os.RemoveAll(string(s)); err != nil { // as down does
		t.Fatal(err)
	}
	unlock()
	next := <-got
	defer next()
	if _, err := os.Stat(s.lock()); err != nil {
		t.Errorf("the next holds a lock that nobody else sees: %v", err)
	}
}

func TestDownOfNothingIsNoError(t *testing.T) {
	s := newState(t)
	if err := (Bed{State: s}).Down(context.Background(), unusedPrefix); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(string(s)); !os.IsNotExist(err) {
		t.Errorf("the state directory: %v", err)
	}
}

func TestAPathTooLongForSocketsIsRefused(t *testing.T) {
	if err := State("/home/frodo/.cache/fedhelm/state").check(); err != nil {
		t.Error(err)
	}
	if err := State("/" + strings.Repeat("x", socketPath-len(longestSocket))).check(); err == nil {
		t.Error("a path that is one byte too long is accepted")
	}
	for _, name := range mustNames(t) {
		if len(name) > len(plan.Host) {
			t.Errorf("cluster %s has a longer name than the one the limit is made for", name)
		}
	}
}

func mustNames(t *testing.T) []string {
	t.Helper()
	b, err := plan.New(plan.Options{Members: 14})
	if err != nil {
		t.Fatal(err)
	}
	return b.Names()
}

func TestCommandsThatNeedABedSayHowToGetOne(t *testing.T) {
	b := Bed{State: newState(t)}
	for name, err := range map[string]error{
		"status": b.Status(),
		"stop":   b.Stop(context.Background(), plan.Host, "kubelet"),
	} {
		if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "testbed up") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
