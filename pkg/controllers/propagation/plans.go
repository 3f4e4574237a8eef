package propagation

import (
	"sync"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// plans are those of sources that are divided.
type plans struct {
	mu     sync.RWMutex
	of     map[delivery.Key]*plan
	urgent map[delivery.Key]bool // that somebody waits for
}

func newPlans() *plans {
	return &plans{of: map[delivery.Key]*plan{}, urgent: map[delivery.Key]bool{}}
}

func (p *plans) get(k delivery.Key) *plan {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.of[k]
}

func (p *plans) put(k delivery.Key, is *plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[k] = is
}

func (p *plans) drop(k delivery.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, k)
	delete(p.urgent, k)
}

// close forgets a kind.
func (p *plans) close(id kinds.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.of {
		if k.Kind == id {
			delete(p.of, k)
		}
	}
	for k := range p.urgent {
		if k.Kind == id {
			delete(p.urgent, k)
		}
	}
}

// hurry notes how urgent it is to tell members of the next plan.
func (p *plans) hurry(k delivery.Key, priority delivery.Priority) {
	if priority != delivery.User {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.urgent[k] = true
}

// hurried returns what was noted, and forgets it.
func (p *plans) hurried(k delivery.Key) delivery.Priority {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.urgent[k] {
		return delivery.Recheck
	}
	delete(p.urgent, k)
	return delivery.User
}
