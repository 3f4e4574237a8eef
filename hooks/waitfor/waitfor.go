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
)

// Options say what to wait for. URL is required.
type Options struct {
	URL string    // http or https; answers 200 when it is ready
	Out io.Writer // what is waited for, when it takes long; default: nowhere
}

// Validate reports what is wrong with the options.
func (o Options) Validate() error {
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%q: give an http or https URL", o.URL)
	}
	return nil
}

// Run returns as soon as the URL answers 200, or when ctx ends, with what it last heard.
func Run(ctx context.Context, o Options) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	client := &http.Client{
		Timeout: perTry,
		// Each try finds its way anew: the address may lead elsewhere by now.
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial.Hedged},
	}
	waiting, err := wait.Until(ctx, o.Out, interval, func(ctx context.Context) (string, error) {
		return ask(ctx, client, o.URL)
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %s: %w", o.URL, waiting, err)
	}
	return nil
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
