package aggregate

import "slices"

// recalls tells whether a member may have of the object what cannot be seen, as after a restart while the member is away. What the status has
// may be that member's.
func recalls[S status](parts []part[S]) bool {
	return slices.ContainsFunc(parts, func(p part[S]) bool { return p.unseen() })
}

// stands tells whether the numbers of the status stay as they are: those of a member that cannot be seen are among them, and it is not known how
// many they are. observed is the generation that the status is of: until it is the source's own, the numbers are not everybody's. A status that
// cannot be read makes nothing stand: it may stay so for good.
func stands[S status](s Source, observed int64, parts []part[S]) bool {
	return observed == s.Generation && slices.ContainsFunc(parts, func(p part[S]) bool { return p.unseen() && p.Status == nil && p.Applied })
}

// unseen tells that there was a copy, so far as is known, and that it cannot be seen.
func (p *part[S]) unseen() bool { return !p.seen && p.Known != nil && !p.Leaving }
