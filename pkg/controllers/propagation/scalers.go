package propagation

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// autoscalers is the kind of what scales others.
const autoscalers kinds.ID = "horizontalpodautoscalers.autoscaling"

// index and unindex note what an autoscaler scales. The caller holds the lock.
func (s *sources) index(o *source) {
	if !o.scales() {
		return
	}
	all := append(slices.Clone(s.scalers[o.target]), o.key)
	slices.SortFunc(all, func(a, b delivery.Key) int { return strings.Compare(a.Name, b.Name) })
	s.scalers[o.target] = all
}

func (s *sources) unindex(o *source) {
	if !o.scales() {
		return
	}
	left := slices.DeleteFunc(slices.Clone(s.scalers[o.target]), func(k delivery.Key) bool { return k == o.key })
	if len(left) == 0 {
		delete(s.scalers, o.target)
	} else {
		s.scalers[o.target] = left
	}
}

// scales says whether it is an autoscaler of something that is divided, and stays.
func (s *source) scales() bool {
	return s.target != delivery.Key{} && !s.leaving() && s.problem == ""
}

// scaler returns the autoscaler of a workload; of several, which would fight each other in every member, the first by name.
func (s *sources) scaler(target delivery.Key) *source {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := s.scalers[target]
	t := s.tables[autoscalers]
	if len(all) == 0 || t == nil {
		return nil
	}
	return t.objects[name{all[0].Namespace, all[0].Name}]
}

// inOrder sorts kinds so that what others wait for comes first.
func inOrder(a, b kinds.Kind) int {
	return cmp.Or(cmp.Compare(urgency(a.ID()), urgency(b.ID())), cmp.Compare(a.ID(), b.ID()))
}

func urgency(id kinds.ID) int {
	switch id {
	case namespaces:
		return 0
	case kinds.CRD:
		return 1
	default:
		return 2
	}
}
