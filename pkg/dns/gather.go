package dns

import (
	"slices"
	"strings"
)

// Gather makes whole record sets of parts, such as single records: those of one name and type are one set, its values sorted, each once. Its TTL
// is 0 where the parts disagree, which no wanted set has. Sets are sorted by name and type.
func Gather(parts []RecordSet) []RecordSet {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b RecordSet) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(string(a.Type), string(b.Type))
	})
	sets := parts[:0]
	for _, part := range parts {
		last := len(sets) - 1
		if last < 0 || sets[last].Name != part.Name || sets[last].Type != part.Type {
			part.Values = slices.Clone(part.Values)
			sets = append(sets, part)
			continue
		}
		if sets[last].TTL != part.TTL {
			sets[last].TTL = 0
		}
		sets[last].Values = append(sets[last].Values, part.Values...)
	}
	for i := range sets {
		slices.Sort(sets[i].Values)
		sets[i].Values = slices.Compact(sets[i].Values)
	}
	return sets
}
