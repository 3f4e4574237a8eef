package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var pods = schema.GroupResource{Resource: "pods"}

func TestRetry(t *testing.T) {
	refused := &url.Error{Op: "Get", URL: "https://x", Err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	tests := []struct {
		name string
		err  error
		took time.Duration // until it gave up, of a minute
	}{
		{"an API server that is down may come back", refused, time.Minute},
		{"one that is overloaded may recover", apierrors.NewTooManyRequests("", 1), time.Minute},
		{"one that fails may recover", apierrors.NewInternalError(io.ErrUnexpectedEOF), time.Minute},
		{"so it is when the error was wrapped and joined", errors.Join(errors.New("x"), fmt.Errorf("read: %w", refused)), time.Minute},
		{"rights may take a moment to be known, and no longer", apierrors.NewForbidden(pods, "p", errors.New("no")), rightsDelay},
		{"a name that is not found is not found", apierrors.NewNotFound(pods, "p"), 0},
		{"a refusal of ours is final", errors.New("clusters are joined"), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				var out bytes.Buffer
				start := time.Now()
				err := retry(ctx, &out, time.Second, func(context.Context) error { return tt.err })
				if !errors.Is(err, tt.err) {
					t.Errorf("retry = %v", err)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("it took %s, want %s", took, tt.took)
				}
				if n := strings.Count(out.String(), "\n"); n > 1 {
					t.Errorf("the same was said in %d lines:\n%s", n, out.String())
				}
			})
		})
	}
}

func TestRetryEndsWithSuccess(t *testing.T) {
	tries := 0
	err := retry(t.Context(), io.Discard, time.Millisecond, func(context.Context) error {
		if tries++; tries < 3 {
			return apierrors.NewServiceUnavailable("starting")
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, error %v", tries, err)
	}
}

func TestRetryNamesTheCauseAndNotTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		first := true
		err := retry(ctx, io.Discard, time.Second, func(ctx context.Context) error {
			if first {
				first = false
				return apierrors.NewServiceUnavailable("starting")
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || !strings.Contains(err.Error(), "starting") {
			t.Errorf("retry = %v", err)
		}
	})
}

// The limit of a Job is a value; that of bootstrap is the chart's.
func TestAHookWhoseTimeIsUpNamesTheValue(t *testing.T) {
	nowhere := "--kubeconfig=" + hostKubeconfig(t, "http://127.0.0.1:1")
	for name, want := range map[string]bool{"cleanup": true, "teardown": true, "bootstrap": false} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if code := run(t.Context(), []string{name, "--federation=f", "--namespace=n", "--timeout=300ms", nowhere}, &out); code != 1 {
				t.Errorf("exit code %d", code)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			last := lines[len(lines)-1]
			if got := strings.Contains(last, "controlPlane.hooks.timeoutSeconds"); got != want || !strings.Contains(last, "127.0.0.1:1") {
				t.Errorf("the value is named: %t, want %t; and the cause should be:\n%s", got, want, last)
			}
		})
	}
}
