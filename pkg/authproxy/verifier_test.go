package authproxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

var here = netip.MustParsePrefix("127.0.0.1/32")

// compared is one comparison that a verifier made.
type compared struct {
	cost  int
	right bool
}

// countingVerifier has user admin with the password, and notes its comparisons.
func countingVerifier(t *testing.T, password string) (*verifier, *[]compared) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte(hashOf(t, password)+",admin,1,ops\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := newVerifier(Options{UsersFile: file, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var made []compared
	v.compare = func(hash, password []byte) error {
		cost, err := bcrypt.Cost(hash)
		if err != nil {
			return err
		}
		err = bcrypt.CompareHashAndPassword(hash, password)
		made = append(made, compared{cost: cost, right: err == nil})
		return err
	}
	return v, &made
}

func TestVerifyCostsTheSameForEveryRefusal(t *testing.T) {
	long := strings.Repeat("x", maxPassword)
	v, made := countingVerifier(t, long)
	for _, tt := range []struct{ name, user, password string }{
		{name: "wrong password", user: "admin", password: "wrong"},
		{name: "unknown user", user: "nobody", password: long},
		{name: "no user", user: "", password: ""},
		{name: "no password", user: "admin", password: ""},
		{name: "right for as far as bcrypt looks, and longer", user: "admin", password: long + "y"},
		{name: "very long password", user: "admin", password: strings.Repeat("z", 5000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			*made = nil
			if id, err := v.verify(t.Context(), here, tt.user, tt.password); !errors.Is(err, errUnauthorized) {
				t.Errorf("verify = %v, %v; want errUnauthorized", id, err)
			}
			if len(*made) != 1 || (*made)[0].cost != bcrypt.MinCost {
				t.Errorf("comparisons %v, want one at cost %d", *made, bcrypt.MinCost)
			}
		})
	}
}

func TestVerifyRemembersWhatWasRight(t *testing.T) {
	v, made := countingVerifier(t, "right")
	clock := time.Now()
	v.now = func() time.Time { return clock }
	steps := []struct {
		name            string
		after           time.Duration
		password        string
		wantOK          bool
		wantComparisons int
	}{
		{name: "the first time it is compared", password: "right", wantOK: true, wantComparisons: 1},
		{name: "then it is remembered", password: "right", wantOK: true},
		{name: "another password is not", password: "wrong", wantComparisons: 1},
		{name: "and does not push out the right one", password: "right", wantOK: true},
		{name: "until its time is over", after: rememberFor, password: "right", wantOK: true, wantComparisons: 1},
	}
	for _, s := range steps {
		*made, clock = nil, clock.Add(s.after)
		id, err := v.verify(t.Context(), here, "admin", s.password)
		if (err == nil) != s.wantOK || len(*made) != s.wantComparisons {
			t.Errorf("%s: %v, %v after %d comparisons; want success %t after %d", s.name, id, err, len(*made), s.wantOK, s.wantComparisons)
		}
	}
}

func TestVerifyLimitsGuesses(t *testing.T) {
	v, made := countingVerifier(t, "right")
	if _, err := v.verify(t.Context(), here, "admin", "right"); err != nil {
		t.Fatal(err)
	}
	for i := range guesses {
		if _, err := v.verify(t.Context(), here, "admin", fmt.Sprint(i)); !errors.Is(err, errUnauthorized) {
			t.Fatalf("guess %d: %v, want errUnauthorized", i, err)
		}
	}
	*made = nil
	var tooMany tooManyError
	if _, err := v.verify(t.Context(), here, "admin", "another"); !errors.As(err, &tooMany) {
		t.Errorf("guess %d: %v, want tooManyError", guesses, err)
	}
	if len(*made) != 0 {
		t.Error("a guess that is not allowed still costs a comparison")
	}
	if _, err := v.verify(t.Context(), here, "admin", "right"); err != nil {
		t.Errorf("who is remembered was locked out by others behind the same address: %v", err)
	}
}

func TestVerifyLocksNobodyOutWhoWasRightBefore(t *testing.T) {
	v, made := countingVerifier(t, "right")
	clock := time.Now()
	v.now = func() time.Time { return clock }
	v.limiter.now = v.now
	if _, err := v.verify(t.Context(), here, "admin", "right"); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(rememberFor)
	for range guesses {
		if _, err := v.verify(t.Context(), here, "admin", "wrong"); !errors.Is(err, errUnauthorized) {
			t.Fatalf("a guess: %v, want errUnauthorized", err)
		}
	}
	var tooMany tooManyError
	for _, s := range []struct {
		name, user, password string
		wantOK               bool
		wantComparisons      int
	}{
		{name: "what was right before is compared again", user: "admin", password: "right", wantOK: true, wantComparisons: 1},
		{name: "and remembered again", user: "admin", password: "right", wantOK: true},
		{name: "and gives guesses back to nobody", user: "admin", password: "wrong"},
		{name: "another user's is a guess", user: "root", password: "right"},
	} {
		*made = nil
		_, err := v.verify(t.Context(), here, s.user, s.password)
		if (err == nil) != s.wantOK || (err != nil && !errors.As(err, &tooMany)) || len(*made) != s.wantComparisons {
			t.Errorf("%s: %v after %d comparisons; want success %t after %d", s.name, err, len(*made), s.wantOK, s.wantComparisons)
		}
	}
}

func TestVerifyComparesFewAtATime(t *testing.T) {
	v, _ := countingVerifier(t, "right")
	var now, most, all atomic.Int32
	v.compare = func(_, _ []byte) error {
		all.Add(1)
		for n, m := now.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		now.Add(-1)
		return nil
	}
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if _, err := v.verify(t.Context(), netip.Prefix{}, "admin", "right"); err != nil {
				var tooMany tooManyError
				if !errors.As(err, &tooMany) {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	if int(most.Load()) > cap(v.slots) {
		t.Errorf("%d comparisons at a time, want at most %d", most.Load(), cap(v.slots))
	}
	if int(all.Load()) > cap(v.slots) {
		t.Errorf("%d comparisons for the same password at the same time, want at most %d", all.Load(), cap(v.slots))
	}
}

func TestVerifyGivesUpWithItsClient(t *testing.T) {
	v, made := countingVerifier(t, "right")
	for range cap(v.slots) {
		v.slots <- struct{}{}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.verify(gone, here, "admin", "right"); !errors.Is(err, context.Canceled) {
		t.Errorf("verify = %v, want the context's error", err)
	}
	if len(*made) != 0 {
		t.Error("a comparison was made for a client that has gone")
	}
	if paid := v.limiter.paid[here]; paid.After(time.Now()) {
		t.Error("the guess that was not made was charged")
	}
}
