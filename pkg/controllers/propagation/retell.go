package propagation

import (
	"slices"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// retell has the state of objects written again that reads otherwise now: of those with a status, since members can be reached or cannot, and
// of all, since members have left. Objects are many, and nearly all of them are in order in a member that goes or comes back: of these the
// state reads the same.
func (c *Controller) retell(before, now *fleet, changed change) {
	for _, k := range c.sources.kinds() {
		if !k.Status && len(changed.left) == 0 {
			continue
		}
		for _, s := range c.sources.all(k.ID(), func(s *source) bool { return !s.excluded }) {
			if k.Status && c.readsOtherwise(s, now, changed.ready) || countedIn(s, before, changed.left) {
				c.o.Changed(s.key)
			}
		}
	}
}

// readsOtherwise says whether it makes a difference to the state of an object that one of the members can be reached, or cannot.
func (c *Controller) readsOtherwise(s *source, f *fleet, members []string) bool {
	p, ok := c.planned(s)
	if !ok {
		return false // its state is written when it is planned
	}
	in, posts := f.selects(s.selector).in, c.posts.list()
	return slices.ContainsFunc(members, func(name string) bool {
		at := f.at[name]
		m := f.members[at]
		m.ready = true
		part, of := c.portion(s, p, &m, posts[name], in[at])
		return of && !part.Steady()
	})
}

// countedIn says whether the state of an object is also of one of the members, which are no more.
func countedIn(s *source, before *fleet, members []string) bool {
	in := before.selects(s.selector).in
	return slices.ContainsFunc(members, func(name string) bool {
		return in[before.at[name]] || strings.Contains(s.annotations[fedv1beta1.AnnotationMembers], `"`+name+`"`)
	})
}
