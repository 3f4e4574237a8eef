package delivery

import "github.com/fedhelm/fedhelm/pkg/kinds"

// Review looks again at the copies of a kind of which it was not known what is wished.
func (a *Agent) Review(id kinds.ID) {
	if t := a.table(id); t != nil {
		for _, n := range t.unwished() {
			a.queue.add(t.key(n), Recheck)
		}
	}
}

// unwished are the copies that nothing was found of: they were left alone, or are to be looked at yet.
func (t *table) unwished() []name {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []name
	for n, r := range t.records {
		if r.there && r.state == "" {
			found = append(found, n)
		}
	}
	return found
}
