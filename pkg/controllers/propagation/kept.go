package propagation

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/printable"
)

const (
	namespaces kinds.ID = "namespaces"
	// keptNamed is how many members an event names that keep what is deleted, and longestNote what the API allows it to say, in bytes.
	keptNamed   = 3
	longestNote = 1024
)

// keepers are the reasons of events on what members keep because others use it.
var keepers = map[kinds.ID]string{namespaces: "NamespaceKept", kinds.CRD: "DefinitionKept"}

// tellKept says of a namespace, or of a definition, that was let go what kept says: nothing else is left to say it.
func (c *Controller) tellKept(s *source, note string) {
	reason := keepers[s.key.Kind]
	kind, ok := c.sources.kind(s.key.Kind)
	if note == "" || reason == "" || !ok {
		return
	}
	of := &corev1.ObjectReference{APIVersion: kind.GroupVersionKind().GroupVersion().String(), Kind: kind.Kind, Name: s.key.Name, UID: s.uid}
	c.o.Events.Eventf(of, nil, corev1.EventTypeWarning, reason, "Propagate", "%s", note)
}

// kept says who keeps the copy, and why; "" if nobody does.
func (c *Controller) kept(s *source) string {
	var said []string
	more, posts := 0, c.posts.list()
	for _, name := range c.fleet.Load().names {
		p := posts[name]
		if p == nil {
			continue
		}
		switch r := p.agent.Report(s.key); {
		case r.State != delivery.Kept:
		case len(said) == keptNamed:
			more++
		default:
			said = append(said, name+": "+r.Message)
		}
	}
	note := strings.Join(said, "; ")
	if more > 0 {
		note += fmt.Sprintf("; and %d more", more)
	}
	return printable.Line(note, longestNote)
}
