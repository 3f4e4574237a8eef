package delivery

import (
	"bytes"

	"github.com/fedhelm/fedhelm/pkg/shape"
)

// see replaces what was seen before.
func (r *record) see(s sight) change {
	old, was := r.sight, r.there
	if s.digest == r.settled && s.digest != 0 {
		s.fields = ""
	}
	if s.uid == old.uid { // strings that are the same are kept once
		s.uid, s.source = old.uid, same(old.source, s.source)
		s.hash = same(old.hash, s.hash)
	} else {
		r.settled, r.crew = 0, nil
	}
	if !s.whole { // what an apply's answer does not say
		s.share, s.status, s.established, s.external = old.share, old.status, old.established, old.external
		if s.uid != old.uid {
			s.share, s.status, s.established, s.external = nil, nil, false, ""
		}
	}
	r.sight, r.there = s, true
	identity := !was || old.uid != s.uid || old.ours != s.ours || old.terminating != s.terminating || old.hash != s.hash || old.source != s.source
	return change{
		established: s.established && !old.established,
		look:        identity || old.digest != s.digest || old.scaler != s.scaler || old.established != s.established,
		tell:        identity || old.generation != s.generation || old.external != s.external || !bytes.Equal(old.status, s.status) || !equalShares(old.share, s.share),
	}
}

// lose forgets what was seen, not what was found.
func (r *record) lose() {
	r.sight, r.there, r.settled, r.crew = sight{}, false, 0, nil
}

func same[S ~string](a, b S) S {
	if a == b {
		return a
	}
	return b
}

func equalShares(a, b *shape.Share) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equal(a.Replicas, b.Replicas) && equal(a.Parallelism, b.Parallelism) && equal(a.Completions, b.Completions) &&
		equal(a.MinReplicas, b.MinReplicas) && equal(a.MaxReplicas, b.MaxReplicas)
}

func equal(a, b *int32) bool { return a == b || a != nil && b != nil && *a == *b }
