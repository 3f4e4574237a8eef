package configured

import (
	"context"
	"time"
)

// ReadAgain has the next call read the file, however little time has passed.
func (p *Provider) ReadAgain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = time.Time{}
}

// Use is a call that goes on until done is called.
func (p *Provider) Use(ctx context.Context) (done func()) {
	_, done = p.use(ctx)
	return done
}
