// Package arrivals notes when objects appear in clusters, at little cost to them and to this machine: they are watched as rows of a table,
// without what is in them.
package arrivals

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Watch follows the objects of some kinds in some clusters, from the moment that it is opened.
type Watch struct {
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed with the next arrival
	count   int
	first   time.Time
	last    time.Time
	named   map[string][]time.Time
	err     error
}

// Open begins to watch what the label selector matches. Objects that are there already count as arriving.
func Open(ctx context.Context, clusters []*rest.Config, all []kinds.Kind, selector string) (*Watch, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &Watch{cancel: cancel, changed: make(chan struct{}), named: map[string][]time.Time{}}
	for _, config := range clusters {
		client, err := rest.HTTPClientFor(config)
		if err != nil {
			cancel()
			return nil, err
		}
		for _, k := range all {
			resp, err := open(ctx, client, config.Host+k.Path("", ""), selector)
			if err != nil {
				w.Close()
				return nil, err
			}
			w.all.Go(func() { w.read(ctx, resp) })
		}
	}
	return w, nil
}

func open(ctx context.Context, client *http.Client, path, selector string) (*http.Response, error) {
	query := url.Values{"watch": {"true"}, "labelSelector": {selector}, "includeObject": {"None"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("watch %s: %s", path, resp.Status), resp.Body.Close())
	}
	return resp, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	w.cancel()
	w.all.Wait()
}

// Count is how many objects have arrived, and when the first and the last did.
func (w *Watch) Count() (n int, first, last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count, w.first, w.last
}

// Wait returns when so many objects have arrived.
func (w *Watch) Wait(ctx context.Context, n int) error {
	return w.wait(ctx, func() string {
		if w.count >= n {
			return ""
		}
		return fmt.Sprintf("%d of %d objects have arrived", w.count, n)
	})
}

// WaitNamed returns when objects of that name have arrived in so many clusters, and says when the last one did.
func (w *Watch) WaitNamed(ctx context.Context, name string, clusters int) (last time.Time, err error) {
	err = w.wait(ctx, func() string {
		if arrived := w.named[name]; len(arrived) >= clusters {
			last = arrived[clusters-1]
			return ""
		}
		return fmt.Sprintf("%s has arrived in %d of %d clusters", name, len(w.named[name]), clusters)
	})
	return last, err
}

// wait returns when missing says "". It is called with mu held.
func (w *Watch) wait(ctx context.Context, missing func() string) error {
	for {
		w.mu.Lock()
		what, changed, err := missing(), w.changed, w.err
		w.mu.Unlock()
		switch {
		case what == "":
			return nil
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-changed:
		}
	}
}

// longestRow is more than a row has without its object.
const longestRow = 1 << 20

func (w *Watch) read(ctx context.Context, resp *http.Response) {
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 4096), longestRow)
	for lines.Scan() {
		if bytes.HasPrefix(lines.Bytes(), []byte(`{"type":"ADDED"`)) {
			w.arrived(lines.Bytes())
		}
	}
	if ctx.Err() == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = fmt.Errorf("a watch has ended: %w", errors.Join(errors.New(resp.Request.URL.Path), lines.Err()))
		w.tell()
	}
}

func (w *Watch) arrived(line []byte) {
	now := time.Now()
	var event struct {
		Object struct {
			Rows []struct {
				Cells []any `json:"cells"`
			} `json:"rows"`
		} `json:"object"`
	}
	err := json.Unmarshal(line, &event)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range event.Object.Rows {
		if len(row.Cells) > 0 {
			name := fmt.Sprint(row.Cells[0])
			w.named[name] = append(w.named[name], now)
		}
		w.count++
		w.last = now
		if w.first.IsZero() {
			w.first = now
		}
	}
	if err != nil {
		w.err = err
	}
	w.tell()
}

// tell wakes those who wait. The caller holds mu.
func (w *Watch) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}
