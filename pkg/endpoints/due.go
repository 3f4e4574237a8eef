package endpoints

import (
	"context"
	"sync"
)

// due are names that somebody has to look at, each once however often it was added.
type due struct {
	mu    sync.Mutex
	names map[string]bool
	wake  chan struct{}
}

func newDue() *due { return &due{names: map[string]bool{}, wake: make(chan struct{}, 1)} }

func (d *due) add(name string) {
	d.mu.Lock()
	d.names[name] = true
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// wait returns names as soon as there are any; nil when ctx has ended.
func (d *due) wait(ctx context.Context) []string {
	select {
	case <-ctx.Done():
		return nil
	case <-d.wake:
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	names := make([]string, 0, len(d.names))
	for name := range d.names {
		names = append(names, name)
	}
	clear(d.names)
	return names
}
