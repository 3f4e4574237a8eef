// Package placement decides which members of a federation get an object, and how its replicas, its completions or its bounds are
// divided among them. Everything here is a pure function of the object's annotations and of what is known about the members:
// the same input gives the same answer, in whatever order the members come.
package placement

// Member is what placement looks at in a member cluster. Replicas and what follows it are those of the object in question
// there; Plan, PlanJob and PlanBounds say what they mean to each. None is negative.
type Member struct {
	Name   string
	Labels map[string]string // of its Cluster
	// Ready says that the member can be given work. A caller that grants members a grace after their last sign of life leaves
	// it true for that long: from the moment it is false, others get the member's replicas.
	Ready bool

	Replicas      int32 // that the member's copy asks for; 0 without a copy
	Running       int32 // how many of them are ready
	Unschedulable int32 // how many of them the member has had no room for, for a while

	Room *int32 // how many it lately had room for; nil: no lack of room is remembered
}

// room is how many replicas the member has shown to have room for. Only a member that left replicas unscheduled, now or lately, has shown it.
func (m *Member) room() int64 {
	switch {
	case m.Unschedulable > 0:
		return m.settled()
	case m.Room != nil:
		return max(int64(*m.Room), m.settled())
	default:
		return unlimited
	}
}

// settled is how many replicas have found their place in the member, whether or not they are ready yet. What is ready has,
// however many are unschedulable: those can be the surplus of a rollout.
func (m *Member) settled() int64 {
	return max(int64(m.Replicas)-int64(m.Unschedulable), int64(min(m.Running, m.Replicas)), 0)
}
