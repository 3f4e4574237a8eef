package delivery

// line is a queue of items, first in, first out.
type line struct {
	items []*item
	head  int
}

func (l *line) push(it *item) { l.items = append(l.items, it) }

// pop returns nil if the line is empty.
func (l *line) pop() *item {
	if l.head == len(l.items) {
		l.items, l.head = nil, 0
		return nil
	}
	it := l.items[l.head]
	l.items[l.head] = nil
	l.head++
	if l.head > 1024 && l.head*2 > len(l.items) { // what was taken makes room
		l.items = append([]*item(nil), l.items[l.head:]...)
		l.head = 0
	}
	return it
}

// byTime is a heap of items, the one that is due first on top.
type byTime []*item

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is heap's.
func (h *byTime) Push(x any) {
	it := x.(*item)
	it.index = len(*h)
	*h = append(*h, it)
}

// Pop is heap's.
func (h *byTime) Pop() any {
	old := *h
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	it.index = -1
	return it
}
