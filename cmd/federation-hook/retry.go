package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	retryInterval = time.Second
	// rightsDelay is how long an API server may take to honour a Role that was
	// made just before the Job that needs it.
	rightsDelay = 10 * time.Second
)

// retry repeats do, which is safe to run again, as long as its error may pass by
// itself and ctx lets it. It says what it waits for when that changes.
func retry(ctx context.Context, out io.Writer, interval time.Duration, do func(context.Context) error) error {
	began := time.Now()
	var last error
	for {
		err := do(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil && last != nil:
			return last // more telling than that the time is up
		case !passing(err, time.Since(began)):
			return err
		}
		if last == nil || err.Error() != last.Error() {
			// Progress that cannot be shown is no reason to fail.
			_, _ = fmt.Fprintln(out, "trying again: "+oneLine(err))
		}
		last = err
		select {
		case <-ctx.Done():
			return last
		case <-time.After(interval):
		}
	}
}

// passing reports whether the error may go away without anybody doing anything.
func passing(err error, after time.Duration) bool {
	if apierrors.IsForbidden(err) {
		return after < rightsDelay
	}
	for _, is := range []func(error) bool{
		apierrors.IsTimeout, apierrors.IsServerTimeout, apierrors.IsTooManyRequests,
		apierrors.IsServiceUnavailable, apierrors.IsInternalError, apierrors.IsUnexpectedServerError,
	} {
		if is(err) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, new(*net.OpError)) || errors.As(err, new(*net.DNSError)) ||
		errors.As(err, &network) && network.Timeout() ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
