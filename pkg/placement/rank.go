package placement

import "cmp"

// rank orders members where nothing else does, higher first. It is a hash of the object's key and the member's name, so that
// the odd replicas of many objects do not all go to the same member, two members stand in the same order whoever else is
// there, and objects of one name (a Deployment and its HorizontalPodAutoscaler) prefer the same members.
func rank(key, member string) uint64 {
	h := hashInto(hashInto(fnvOffset, key)*fnvPrime, member) // the bare multiplication hashes a 0 between them
	// FNV hardly mixes the last bytes into the high bits, which are what an order looks at first; this does (MurmurHash3's end).
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// FNV-1a with 64 bits, without the allocations of hash/fnv.
const (
	fnvOffset uint64 = 14695981039346656037
	fnvPrime  uint64 = 1099511628211
)

func hashInto(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// byRank orders slots by rank, and by name should two have the same.
func byRank(a, b *slot) int {
	return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.name, b.name))
}
