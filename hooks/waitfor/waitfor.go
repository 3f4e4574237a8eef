// Package waitfor waits until another part of the control plane is ready. It is small: what imports it is copied into other containers.
package waitfor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/fedhelm/fedhelm/hooks/internal/wait"
	"github.com/fedhelm/fedhelm/pkg/dial"
)

const (
	interval = 100 * time.Millisecond
	// perTry is how long one answer may take.
	perTry = time.Second

	// The other way is tried when it is likely to be there, and then as seldom as a DNS server forgets that a name was not.
	firstOther = 400 * time.Millisecond
	everyOther = 6 * time.Second
)

// Options say what to wait for. URL is required.
type Options struct {
	URL string // http or https; answers 200 when it is ready
	// Other leads to the same, "" if there is no other way. Its host name may be one that is looked up in vain at
	// first: such an answer stays in caches, so it is tried seldom.
	Other string
	Out   io.Writer // what is waited for, when it takes long; default: nowhere
}

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	errs := []error{validate(o.URL)}
	if o.Other != "" {
		errs = append(errs, validate(o.Other))
	}
	return errors.Join(errs...)
}

func validate(at string) error {
	u, err := url.Parse(at)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%q: give an http or https URL", at)
	}
	return nil
}

// Run returns as soon as one of the URLs answers 200, or when ctx ends, with what the first one said last.
func Run(ctx context.Context, o Options) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	client := &http.Client{
		Timeout: perTry,
		// Each try finds its way anew: the address may lead elsewhere by now.
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial.Hedged},
	}
	either, found := context.WithCancel(ctx)
	defer found()
	reached := make(chan struct{})
	if o.Other != "" {
		go func() {
			if other(either, client, o.Other) {
				close(reached)
				found()
			}
		}()
	}
	waiting, err := wait.Until(either, o.Out, interval, func(ctx context.Context) (string, error) {
		return ask(ctx, client, o.URL)
	})
	select {
	case <-reached:
		return nil
	default:
	}
	if err != nil {
		return fmt.Errorf("wait for %s: %s: %w", o.URL, waiting, err)
	}
	return nil
}

// other returns whether the URL has answered 200; it tries until ctx ends.
func other(ctx context.Context, client *http.Client, at string) bool {
	for after := firstOther; ; after = everyOther {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(after):
		}
		if problem, err := ask(ctx, client, at); err == nil && problem == "" {
			return true
		}
	}
}

// ask returns "" if the URL answers 200, and what it does instead otherwise.
func ask(ctx context.Context, client *http.Client, at string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return unwrapURL(err).Error(), nil
	}
	_ = response.Body.Close() // only the status is of interest
	if response.StatusCode != http.StatusOK {
		return "it answers " + response.Status, nil
	}
	return "", nil
}

// unwrapURL takes away the URL, which the caller names itself.
func unwrapURL(err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}
