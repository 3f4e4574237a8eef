package propagation

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/placement"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// plan says what each member gets of a source that is divided. It does not change: a new one replaces it.
type plan struct {
	source   types.UID
	revision uint64  // of the source
	selector string  // of the source
	roster   *roster // that it was made for
	divided  kinds.Divided
	parts    []part  // sorted by member; those that get nothing are not among them
	unknown  []int32 // members whose copies were not known
	notes    []string
	rooms    map[string]placement.Room // of members that lately had none for all replicas; mostly nil
	lasts    time.Duration             // until one of them is to be tried again with what is not placed; 0: nothing is to be tried
}

// part is what one member gets. It is small, since there is one for each member and object.
type part struct {
	member        int32 // in the roster
	a, b          int32 // replicas; parallelism and completions (-1: nil); minimum and maximum
	pending       int32 // of the replicas, those on top
	unschedulable int32 // how many of the copy's replicas counted so
	scaled        bool  // an autoscaler of the federation rules the replicas
	unscaled      bool  // an autoscaler of the member may have ruled them, and does no more
	done          bool  // a Job that has finished there
}

// share is what to apply.
func (p *part) share(d kinds.Divided) shape.Share {
	switch d {
	case kinds.Replicas:
		wanted := p.a + p.pending
		return shape.Share{Replicas: &wanted}
	case kinds.Job:
		s := shape.Share{Parallelism: &p.a}
		if p.b >= 0 {
			s.Completions = &p.b
		}
		return s
	case kinds.Bounds:
		return shape.Share{MinReplicas: &p.a, MaxReplicas: &p.b}
	default:
		return shape.Share{}
	}
}

// of returns the part of a member. known says whether the plan says anything of the member: one that is away keeps
// what it has.
func (p *plan) of(name string) (got *part, known bool) {
	at, ok := p.roster.at[name]
	if !ok {
		return nil, false
	}
	i, found := slices.BinarySearchFunc(p.parts, int32(at), func(p part, at int32) int { return cmp.Compare(p.member, at) }) //nolint:gosec // members are fewer than 2^31
	if found {
		return &p.parts[i], true
	}
	return nil, p.roster.placed[at].Ready && !slices.Contains(p.unknown, int32(at)) //nolint:gosec // as above
}

// differs returns the members for which the plan says something else than the one before.
func (p *plan) differs(before *plan) []string {
	var changed []string
	for _, m := range p.roster.names {
		now, known := p.of(m)
		was, knew := before.of(m)
		if known != knew || (now == nil) != (was == nil) || now != nil && !now.same(was) {
			changed = append(changed, m)
		}
	}
	return changed
}

// same says whether the member need not do anything when one becomes the other.
func (p *part) same(other *part) bool {
	return p.a == other.a && p.b == other.b && p.pending == other.pending && p.scaled == other.scaled && p.unscaled == other.unscaled && p.done == other.done
}
