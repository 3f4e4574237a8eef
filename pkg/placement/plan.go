package placement

// Layout is where replicas go.
type Layout struct {
	// Shares has one for every member that is ready, in the order of the members given; that of a member can be 0.
	Shares []Share
	// Unplaced is how many replicas no member can take. It and the Replicas of all shares add up to what was asked for.
	Unplaced int32
	// Notes says, a sentence each, what of the preferences could not be met, and why. It is meant for the user.
	Notes []string
}

// Share is what one member gets.
type Share struct {
	Member   string
	Replicas int32
	// Pending are replicas that the member gets on top although it has had no room for them. Others have been given them too
	// where they can; they wait here so that room that becomes free is noticed, and what status says should not count them.
	Pending int32
}

// Wanted is how many replicas the member's copy asks for.
func (s Share) Wanted() int32 { return s.Replicas + s.Pending }

// Plan divides replicas among the members that are ready. The key is NAMESPACE/NAME of the object: it decides who gets what
// cannot be divided evenly.
//
// Of a member, Replicas is what its copy asks for now. Replicas of it that are not unschedulable stay where they are unless
// the preferences say rebalance, or a minimum or limit demands otherwise; when some have to go, those that are not running go
// first. A member with unschedulable replicas has room for no more than the others; one of which a lack of room is remembered, for that many.
func Plan(key string, replicas int32, p Preferences, members []Member) Layout {
	replicas = max(replicas, 0)
	layout := Layout{Shares: make([]Share, 0, len(members))}
	slots := make([]slot, 0, len(members))
	named := 0 // clusters of the preferences that are members
	for i := range members {
		m := &members[i]
		preference, own, ok := p.of(m.Name)
		if own {
			named++
		}
		if !m.Ready {
			continue
		}
		layout.Shares = append(layout.Shares, Share{Member: m.Name})
		if ok {
			slots = append(slots, newSlot(key, m, preference, len(layout.Shares)-1))
		}
	}
	left := spread(slots, int64(replicas), p.Rebalance)
	full := false
	for i := range slots {
		s := &slots[i]
		layout.Shares[s.at].Replicas = count(s.given)
		full = full || s.room < unlimited
	}
	layout.Unplaced = count(left)
	layout.Notes = notes(replicas, left, p, members, slots, named)
	if full {
		layout.await(slots, int64(replicas), p)
	}
	return layout
}

func newSlot(key string, m *Member, p Preference, at int) slot {
	s := slot{
		name: m.Name, at: at, rank: rank(key, m.Name),
		weight: int64(p.Weight), min: int64(p.Min), max: unlimited, room: m.room(),
		settled: m.settled(), running: int64(m.Running),
	}
	if p.Max != nil {
		s.max = int64(*p.Max)
	}
	return s
}
