package propagation

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/placement"
)

// member is a Cluster as placement sees it.
type member struct {
	name   string
	labels map[string]string
	proven bool      // it was Ready once
	ready  bool      // it is now
	why    string    // it is not
	since  time.Time // when that became so
	away   bool      // others have its replicas
	back   time.Time // when it came back after it was away; zero if that is long ago
}

// places says whether the member can be given work.
func (m *member) places() bool { return m.proven && !m.away }

// memberOf reads a Cluster; nil if it is leaving, so that it is no member to us.
func memberOf(c *fedv1beta1.Cluster) *member {
	if _, leaving := c.Annotations[fedv1beta1.AnnotationLeaving]; leaving || c.DeletionTimestamp != nil {
		return nil
	}
	m := &member{name: c.Name, labels: c.Labels, why: "the member was not asked yet", since: c.CreationTimestamp.Time}
	if ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady); ready != nil {
		m.ready, m.since, m.why = ready.Status == metav1.ConditionTrue, ready.LastTransitionTime.Time, ready.Message
	}
	m.proven = m.ready || c.Status.UID != ""
	return m
}

// fleet is all members at one moment, by name. It does not change.
type fleet struct {
	*roster
	members []member
}

// roster is what of a fleet matters to selectors and plans. Fleets that differ in nothing else share one, so that what keeps it, as plans
// do, does not keep all the fleets that there were.
type roster struct {
	names  []string
	at     map[string]int // in names
	placed []placement.Member
	back   []time.Time // when they came back after they were away

	selections sync.Map // by annotation: *selection. Each selector is evaluated once, however many objects have it
}

// selection says which members a selector selects.
type selection struct {
	in  []bool
	all []int // those that it selects
}

func newFleet(members []member) *fleet {
	r := &roster{
		names: make([]string, len(members)), at: make(map[string]int, len(members)),
		placed: make([]placement.Member, len(members)), back: make([]time.Time, len(members)),
	}
	for i := range members {
		m := &members[i]
		r.names[i], r.at[m.name], r.back[i] = m.name, i, m.back
		r.placed[i] = placement.Member{Name: m.name, Labels: m.labels, Ready: m.places()}
	}
	return &fleet{roster: r, members: members}
}

// get returns a member; nil if there is none of that name.
func (f *fleet) get(name string) *member {
	if i, ok := f.at[name]; ok {
		return &f.members[i]
	}
	return nil
}

// selects evaluates a selector. One that is malformed selects all: nobody is given an object with such a selector, nor loses it, but all
// must be asked when it is deleted.
func (r *roster) selects(selector string) *selection {
	if known, ok := r.selections.Load(selector); ok {
		return known.(*selection) //nolint:forcetypeassert // it holds nothing else
	}
	o := &metav1.ObjectMeta{}
	if selector != "" {
		o.Annotations = map[string]string{fedv1beta1.AnnotationV1ClusterSelector: selector}
	}
	selected, err := placement.Select(o, r.placed)
	if err != nil {
		selected = r.placed
	}
	s := &selection{in: make([]bool, len(r.names)), all: make([]int, 0, len(selected))}
	for i := range selected {
		at := r.at[selected[i].Name]
		s.in[at] = true
		s.all = append(s.all, at)
	}
	known, _ := r.selections.LoadOrStore(selector, s)
	return known.(*selection) //nolint:forcetypeassert // it holds nothing else
}

// change is what became of the fleet.
type change struct {
	joined, left []string
	labelled     bool     // selectors may select others now
	placement    bool     // plans may be others now
	ready        []string // that became ready, or not
}

func compare(before, now *fleet) change {
	var c change
	for i := range now.members {
		m := &now.members[i]
		was := before.get(m.name)
		if was == nil {
			c.joined = append(c.joined, m.name)
			c.labelled, c.placement = true, true
			c.ready = append(c.ready, m.name)
			continue
		}
		if !maps.Equal(was.labels, m.labels) {
			c.labelled, c.placement = true, true
		}
		if was.places() != m.places() || !was.back.Equal(m.back) {
			c.placement = true
		}
		if was.ready != m.ready {
			c.ready = append(c.ready, m.name)
		}
	}
	for i := range before.members {
		if now.get(before.members[i].name) == nil {
			c.left = append(c.left, before.members[i].name)
			c.labelled, c.placement = true, true
		}
	}
	return c
}
