package propagation

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// saw notes a source as it is now. old says that it may have been so for long: it was there when the kind began to be followed.
func (c *Controller) saw(s *source, old bool) {
	if s.key.Kind == namespaces && s.key.Name == metav1.NamespaceSystem && s.uid != c.marks.FederationUID {
		// All marks would be those of a federation that is no more, and what it had would seem to be gone.
		c.fail(fmt.Errorf("the federation API has lost its data or is another one: the UID of its namespace %q was %s and is %s", s.key.Name, c.marks.FederationUID, s.uid))
		return
	}
	before, first, ok := c.sources.put(s)
	if !ok {
		return
	}
	if first {
		c.watch(s.key.Kind)
	}
	if !s.excluded || before != nil && !before.excluded {
		c.o.Changed(s.key)
	}
	if before != nil && before.same(s) {
		return
	}
	c.tombs.forget(s.key)
	if before != nil {
		c.replanScaled(before)
	}
	c.replanScaled(s)
	if s.leaving() {
		c.sawLeaving(before, s)
		return
	}
	priority := delivery.User
	if old && settled(s) {
		priority = delivery.Recheck
	}
	c.waits.forget(s.key)
	switch {
	case s.problem != "":
		return // members keep what they have
	case !s.guarded:
		c.tending.Add(s.key) // and what members shall do waits for it
		return
	}
	c.flights.begin(s, c.fleet.Load())
	if s.divided != kinds.Whole {
		c.plans.hurry(s.key, priority)
		c.planning.Add(s.key)
		return
	}
	c.want(s.key, priority, c.concerned(before, s))
}

// sawLeaving has copies go, and the source when they have gone.
func (c *Controller) sawLeaving(before, s *source) {
	c.plans.drop(s.key)
	c.flights.end(s.key)
	if !s.guarded && (before == nil || before.leaving()) {
		c.waits.forget(s.key)
		return // it never was in a member, or is in none any more
	}
	c.want(s.key, delivery.User, c.concerned(before, s))
	if s.guarded {
		c.tending.Add(s.key)
	}
}

// deleted notes that a source is gone: s is as it was at last. Was it let go, no member has anything of it.
func (c *Controller) deleted(s *source) {
	before := c.sources.remove(s.key)
	done := before != nil && (before.leaving() && !before.guarded || c.waits.released(s.key, s.uid))
	if before != nil && !before.excluded && !done {
		s.orphan = s.orphan || before.orphan
		c.tombs.put(s.key, s.farewell())
	}
	c.forget(s.key, before, delivery.User)
}

// vanished is for a source that is not there any more, without a word. One that was being deleted has been.
func (c *Controller) vanished(key delivery.Key) {
	before := c.sources.remove(key)
	if before != nil && before.deleting && !before.excluded {
		c.tombs.put(key, before.farewell())
	}
	c.forget(key, before, delivery.Recheck)
}

// forget ends all about a source that is not there any more, and has members look at what they have of it.
func (c *Controller) forget(key delivery.Key, before *source, priority delivery.Priority) {
	c.plans.drop(key)
	c.flights.end(key)
	c.waits.forget(key)
	if before == nil || before.excluded && !before.guarded {
		return
	}
	c.o.Changed(key)
	c.replanScaled(before)
	c.want(key, priority, c.concerned(nil, before))
}

// concerned are the members that a step from one source to the other is for, of the fleet as it is now.
func (c *Controller) concerned(before, s *source) []string {
	f := c.fleet.Load()
	all := f.selects(s.selector).all
	names := make([]string, 0, len(all))
	for _, at := range all {
		names = append(names, f.names[at])
	}
	if before != nil && before.selector != s.selector {
		in := f.selects(s.selector).in
		for _, at := range f.selects(before.selector).all {
			if !in[at] {
				names = append(names, f.names[at])
			}
		}
	}
	return names
}

// replanScaled has what an autoscaler scales planned again.
func (c *Controller) replanScaled(s *source) {
	if s.target != (delivery.Key{}) {
		c.planning.Add(s.target)
	}
}

// settled says whether a source was written to be in all members as it shall be.
func settled(s *source) bool {
	var got, of int
	n, err := fmt.Sscanf(s.annotations[fedv1beta1.AnnotationPropagation], "synced %d/%d", &got, &of)
	return err == nil && n == 2 && got == of
}
