package ledger

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// change is what is to be done to one page.
type change struct {
	page   *page
	add    []Entry
	remove map[delivery.Key]types.UID
	size   int  // of the page, when that is done
	over   bool // the page is beyond full: it gets nothing, and loses what is recorded again
}

// apply returns the page as it is to be stored.
func (c *change) apply() *page {
	p := c.page.clone()
	for key, uid := range c.remove {
		if p.has(key, uid) {
			p.remove(key)
		}
	}
	for _, e := range c.add {
		p.put(e)
	}
	return p
}

// changes says which pages have to be stored anew, in their order: what moves is on its new page before it leaves the old one. An entry
// goes to the page that has its key, else to the first that has room. What is settled and recorded again meanwhile stays, without what was
// owed before.
func (b *book) changes(cluster string, add map[delivery.Key]Entry) []*change {
	changes := make([]*change, 0, len(b.pages)+1)
	for _, p := range b.pages {
		c := &change{page: p, remove: map[delivery.Key]types.UID{}, size: p.size}
		for key, uid := range b.settledOn(p) {
			c.remove[key] = uid
			if _, again := add[key]; !again {
				c.size -= sizeOf(p.entries[key].entry(key))
			}
		}
		c.over = c.size > full
		changes = append(changes, c)
	}
	first := 0 // page that may have room
	for _, e := range add {
		e, at := b.move(e, changes)
		if at == nil {
			for size := sizeOf(e); first < len(changes) && changes[first].size+size > full; {
				first++
			}
			if first == len(changes) {
				fresh := &page{name: b.free(cluster, changes), entries: map[delivery.Key]value{}}
				changes = append(changes, &change{page: fresh, remove: map[delivery.Key]types.UID{}})
			}
			at = changes[first]
			at.size += sizeOf(e)
		}
		at.add = append(at.add, e)
	}
	changes = slices.DeleteFunc(changes, func(c *change) bool { return len(c.add) == 0 && len(c.remove) == 0 && !c.page.empty() })
	slices.SortStableFunc(changes, func(a, b *change) int { return order(a) - order(b) })
	return changes
}

// order is higher for pages that only lose entries to others.
func order(c *change) int {
	if c.over {
		return 1
	}
	return 0
}

// move returns the page that has the entry's key already, nil if an entry of that key has to go elsewhere. From other pages it is taken
// off, and what is owed there becomes part of the entry: two leaders may have put it on a page each.
func (b *book) move(e Entry, changes []*change) (Entry, *change) {
	var at *change
	for i, p := range b.pages {
		v, ok := p.entries[e.Key]
		switch {
		case !ok:
		case at == nil && !changes[i].over:
			at = changes[i]
		default:
			changes[i].remove[e.Key] = v.uid
			if !b.isSettled(e.Key, v.uid) {
				e = e.after(v.entry(e.Key))
			}
		}
	}
	return e, at
}

// free returns the name of a page that is not there.
func (b *book) free(cluster string, taken []*change) string {
	for n := 0; ; n++ {
		name := pageName(cluster, n)
		if !slices.ContainsFunc(taken, func(c *change) bool { return c.page.name == name }) {
			return name
		}
	}
}
