package propagation

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// mostNamed is how many members an event names.
const mostNamed = 3

// sayKept tells on a namespace that has been let go which members have kept theirs, and why: nothing else is left to say it.
func (c *Controller) sayKept(s *source) {
	var kept []string
	for _, m := range c.fleet.Load().members {
		p := c.posts.get(m.name)
		if p == nil {
			continue
		}
		if r := p.agent.Report(s.key); r.State == delivery.Kept {
			kept = append(kept, m.name+": "+r.Message)
		}
	}
	kind, ok := c.sources.kind(s.key.Kind)
	if len(kept) == 0 || !ok {
		return
	}
	more := ""
	if n := len(kept) - mostNamed; n > 0 {
		kept, more = kept[:mostNamed], fmt.Sprintf("; and %d more", n)
	}
	of := &corev1.ObjectReference{
		APIVersion: kind.GroupVersionKind().GroupVersion().String(), Kind: kind.Kind, Name: s.key.Name, Namespace: s.key.Namespace, UID: s.uid,
	}
	c.o.Events.Eventf(of, nil, corev1.EventTypeWarning, "NamespaceKept", "Propagate", "%s%s", strings.Join(kept, "; "), more)
}
