package dns

import (
	"cmp"
	"hash/fnv"
	"net/netip"
	"slices"
)

// mostAddresses is how many a name has: an answer with more does not fit into a datagram of common size, nor their exchange for others into one
// transaction of etcd.
const mostAddresses = 60

// fewer chooses of a level's addresses if there are more than a name can have: of as many members as possible, and for each name of others, so that
// none is left out everywhere. A member that comes or goes changes little of it.
func fewer(name string, targets []target) []target {
	count := 0
	for _, t := range targets {
		count += len(t.addresses)
	}
	if count <= mostAddresses {
		return targets
	}
	ranks := make(map[string]uint64, len(targets))
	for _, t := range targets {
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(t.member + "/" + name)) // never fails
		ranks[t.member] = hash.Sum64()
	}
	chosen := slices.Clone(targets)
	slices.SortStableFunc(chosen, func(a, b target) int { return cmp.Compare(ranks[a.member], ranks[b.member]) })
	seen := make(map[netip.Addr]bool, mostAddresses)
	for round, more := 0, true; more; round++ {
		more = false
		for _, t := range chosen {
			if round < len(t.addresses) && len(seen) < mostAddresses {
				seen[t.addresses[round]], more = true, true
			}
		}
	}
	for i := range chosen {
		chosen[i].addresses = slices.DeleteFunc(slices.Clone(chosen[i].addresses), func(a netip.Addr) bool { return !seen[a] })
	}
	return chosen
}
