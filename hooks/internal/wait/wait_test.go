package wait

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntilIsSilentWhenItIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		tries := 0
		_, err := Until(t.Context(), &out, 100*time.Millisecond, func(context.Context) (string, error) {
			if tries++; tries < 5 {
				return "for a reason", nil
			}
			return "", nil
		})
		if err != nil || out.Len() > 0 || tries != 5 {
			t.Errorf("%d tries, error %v, said %q", tries, err, out.String())
		}
	})
}

func TestUntilSaysWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var out bytes.Buffer
		start := time.Now()
		waiting, err := Until(ctx, &out, 100*time.Millisecond, func(context.Context) (string, error) {
			if time.Since(start) < 10*time.Second {
				return "for one thing", nil
			}
			return "for another", nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || waiting != "for another" {
			t.Errorf("it ended waiting %q, error %v", waiting, err)
		}
		if got := out.String(); got != "waiting: for one thing\nwaiting: for another\n" {
			t.Errorf("it said:\n%s", got)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestUntilFlappingStatesDoNotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var out bytes.Buffer
		n := 0
		_, _ = Until(ctx, &out, 100*time.Millisecond, func(context.Context) (string, error) {
			n++
			return strings.Repeat("x", n%2+1), nil
		})
		if lines := strings.Count(out.String(), "\n"); lines > 10 {
			t.Errorf("%d lines in 30 s", lines)
		}
	})
}

func TestUntilEndsWithAnError(t *testing.T) {
	broken := errors.New("broken")
	_, err := Until(t.Context(), &bytes.Buffer{}, time.Millisecond, func(context.Context) (string, error) { return "", broken })
	if !errors.Is(err, broken) {
		t.Errorf("Until = %v", err)
	}
}

func TestUntilRemembersWhatItWaitedForWhenTimeEndsACheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first := true
		waiting, err := Until(ctx, &bytes.Buffer{}, 100*time.Millisecond, func(ctx context.Context) (string, error) {
			if first {
				first = false
				return "for the answer", nil
			}
			<-ctx.Done()
			return "", ctx.Err()
		})
		if waiting != "for the answer" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended waiting %q, error %v", waiting, err)
		}
	})
}

func TestUntilRemembersWhatWasSaidBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		tries := 0
		state, err := Until(ctx, io.Discard, 100*time.Millisecond, func(ctx context.Context) (string, error) {
			if tries++; tries < 3 {
				return "connection refused", nil
			}
			<-ctx.Done()
			return ctx.Err().Error(), nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || state != "connection refused" {
			t.Errorf("state %q, error %v; want what the last whole check said", state, err)
		}
	})
}
