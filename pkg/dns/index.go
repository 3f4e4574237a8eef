package dns

import (
	"iter"
	"maps"
	"slices"
)

// Index is what a zone holds, found by name and by the Service that a mark names. It is not to be used by several goroutines at a time.
type Index struct {
	names    map[string]map[Type]RecordSet
	marked   map[string]Mark            // by the name that is marked
	services map[string]map[string]bool // names, by the Service that their mark says
}

// NewIndex makes one of a listing. Sets of the same name and type are one, as Gather makes it, in whatever order they are.
func NewIndex(sets []RecordSet) *Index {
	i := &Index{names: map[string]map[Type]RecordSet{}, marked: map[string]Mark{}, services: map[string]map[string]bool{}}
	for _, set := range sets {
		if had, ok := i.names[set.Name][set.Type]; ok {
			if set.TTL != had.TTL {
				set.TTL = 0
			}
			set.Values = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(had.Values), set.Values...))))
		}
		i.put(set)
	}
	return i
}

// Apply changes the index as the unit changed the zone.
func (i *Index) Apply(u Unit) {
	for _, c := range u.Changes {
		if c.Before != nil {
			i.drop(c.Before.Name, c.Before.Type)
		}
		if c.After != nil {
			i.put(*c.After)
		}
	}
}

// At are the record sets of a name, sorted by type.
func (i *Index) At(name string) []RecordSet {
	sets := i.names[name]
	found := make([]RecordSet, 0, len(sets))
	for _, t := range slices.Sorted(maps.Keys(sets)) {
		found = append(found, sets[t])
	}
	return found
}

// Sets are all there are, in no order.
func (i *Index) Sets() iter.Seq[RecordSet] {
	return func(yield func(RecordSet) bool) {
		for _, sets := range i.names {
			for _, set := range sets {
				if !yield(set) {
					return
				}
			}
		}
	}
}

// Marked are all names with a mark, whosesoever it is, in no order.
func (i *Index) Marked() iter.Seq2[string, Mark] { return maps.All(i.marked) }

// Services are those that the owner's marks name, in no order, each as often as it has names.
func (i *Index) Services(o Owner) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, mark := range i.marked {
			if o.Owns(mark) && !yield(mark.Service) {
				return
			}
		}
	}
}

func (i *Index) put(set RecordSet) {
	i.drop(set.Name, set.Type)
	if i.names[set.Name] == nil {
		i.names[set.Name] = map[Type]RecordSet{}
	}
	i.names[set.Name][set.Type] = set
	name, ok := markedName(set.Name)
	if !ok || set.Type != TXT {
		return
	}
	for _, text := range set.Values {
		mark, ok := ParseMark(text)
		if !ok {
			continue
		}
		i.marked[name] = mark
		if i.services[mark.Service] == nil {
			i.services[mark.Service] = map[string]bool{}
		}
		i.services[mark.Service][name] = true
		return
	}
}

func (i *Index) drop(name string, t Type) {
	if _, ok := i.names[name][t]; !ok {
		return
	}
	if delete(i.names[name], t); len(i.names[name]) == 0 {
		delete(i.names, name)
	}
	marked, ok := markedName(name)
	if mark, known := i.marked[marked]; ok && known && t == TXT {
		delete(i.marked, marked)
		if delete(i.services[mark.Service], marked); len(i.services[mark.Service]) == 0 {
			delete(i.services, mark.Service)
		}
	}
}

// Len is how many record sets there are.
func (i *Index) Len() int {
	n := 0
	for _, sets := range i.names {
		n += len(sets)
	}
	return n
}
