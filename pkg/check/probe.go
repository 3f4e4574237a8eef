package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// Answer is what a server says to a request.
type Answer struct {
	Status int
	Body   string
	// Skew is how far the server's clock is ahead of the one here, to about a second: HTTP tells no more.
	Skew time.Duration
}

// Prober asks an API server for a path. Any answer, whatever its status, is no error.
type Prober interface {
	Get(ctx context.Context, path string) (Answer, error)
}

// maxBody is more than a health endpoint ever says.
const maxBody = 64 << 10

// NewProber returns a Prober that reaches the server as config says.
func NewProber(config *rest.Config) (Prober, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for %s: %w", config.Host, err)
	}
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("address %q of an API server: %w", config.Host, err)
	}
	return &prober{client: client, server: strings.TrimSuffix(server.String(), "/")}, nil
}

type prober struct {
	client *http.Client
	server string
}

func (p *prober) Get(ctx context.Context, path string) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server+path, http.NoBody)
	if err != nil {
		return Answer{}, err
	}
	sent := time.Now()
	response, err := p.client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	received := time.Now()
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Answer{}, err
	}
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return Answer{}, errors.New("the answer does not say what time it is")
	}
	return Answer{Status: response.StatusCode, Body: string(body), Skew: skew(sent, received, date)}, nil
}

// skew compares a clock that shows whole seconds, cut off, with ours. The server wrote its date between sent and received;
// where exactly is not known, so that nothing counts as skew that this can explain.
func skew(sent, received, date time.Time) time.Duration {
	earliest, latest := date.Sub(received), date.Add(time.Second).Sub(sent)
	switch {
	case earliest > 0:
		return earliest
	case latest < 0:
		return latest
	default:
		return 0
	}
}

// Clock reads the clock of the server that its Prober asks.
type Clock struct{ Prober }

// Skew tells how far the server's clock is ahead of the one here.
func (c Clock) Skew(ctx context.Context) (time.Duration, error) {
	answer, err := c.Get(ctx, "/version")
	return answer.Skew, err
}
