package configured

import "time"

// ReadAgain has the next call read the file, however little time has passed.
func (p *Provider) ReadAgain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = time.Time{}
}
