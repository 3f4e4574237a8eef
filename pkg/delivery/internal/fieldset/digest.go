package fieldset

// Digest identifies a set of fields, whatever the order in which a server writes its members. It is the same in every process.
func Digest(fieldsV1 []byte) uint64 {
	t := text{data: fieldsV1}
	if sum, err := digest(&t, 0); err == nil {
		return sum
	}
	return hash(fieldsV1) // not what a server writes, but itself all the same
}

// digest adds up what the members of an object hash to, each mixed with what is below it.
func digest(t *text, depth int) (uint64, error) {
	if depth > deepest {
		return 0, errTooDeep
	}
	if !t.take('{') {
		return 0, t.malformed()
	}
	sum := uint64(1)
	for first := true; ; {
		more, err := t.more('}', &first)
		if err != nil || !more {
			return mix(sum), err
		}
		name, err := t.rawName()
		if err != nil {
			return 0, err
		}
		below, err := digest(t, depth+1)
		if err != nil {
			return 0, err
		}
		sum += mix(hash(name) ^ below)
	}
}

// hash is FNV-1a.
func hash(data []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range data {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// mix spreads a change of any bit over all of them (the end of MurmurHash3).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
