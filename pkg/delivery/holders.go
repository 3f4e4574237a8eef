package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/inventory"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// held names some of what would go with a copy that holds objects: of what is others', of what is ours and wished still, and of what else is
// ours. What is on its way out does not count.
type held struct{ others, wished, ours string }

// note takes in an object of ours.
func (h *held) note(wished bool, name string) {
	switch {
	case wished && h.wished == "":
		h.wished = name
	case !wished && h.ours == "":
		h.ours = name
	}
}

// holds looks into a namespace or a definition; other kinds hold nothing.
func (j *job) holds(ctx context.Context) (held, error) {
	switch j.kind.ID() {
	case namespacesID:
		return j.inNamespace(ctx)
	case kinds.CRD:
		return j.ofDefinition(ctx)
	default:
		return held{}, nil
	}
}

// inNamespace passes over what Kubernetes puts into every namespace, too.
func (j *job) inNamespace(ctx context.Context) (h held, err error) {
	found, err := j.client.inUse(ctx, j.n.name, func(kind schema.GroupResource, m *metav1.PartialObjectMetadata) bool {
		s := j.t.metadata(&m.ObjectMeta)
		if s.ours {
			h.note(j.wished(kinds.ID(kind.String()), &m.ObjectMeta), kind.String()+"/"+m.Name)
		}
		return s.ours
	})
	h.others = strings.Join(found, ", ")
	return h, err
}

// wished tells whether a copy shall stay: such as those in a namespace that was taken out of the member by a selector of its own, those that
// shall stay without our marks, and those of which it is not known at the moment.
func (j *job) wished(k kinds.ID, m *metav1.ObjectMeta) bool {
	switch j.Wish(Key{k, m.Namespace, m.Name}).Action {
	case Present, Release:
		return true
	case Leave:
		_, federated := j.Kind(k)
		return federated
	default:
		return false
	}
}

// inUse asks for what somebody would miss in a namespace.
func (c *client) inUse(ctx context.Context, namespace string, ours func(schema.GroupResource, *metav1.PartialObjectMetadata) bool) (found []string, err error) {
	config := rest.CopyConfig(c.Member.Config)
	config.Timeout = c.Limits.RequestTimeout // of each request
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client for metadata: %w", err)
	}
	served, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client for discovery: %w", err)
	}
	err = c.asking(ctx, "inventory", lookAround, func(ctx context.Context) (err error) {
		found, err = inventory.InUse(ctx, served, objects, namespace, ours)
		return err
	})
	return found, err
}

// lookAround is how long it may take to look at all that is in a namespace.
const lookAround = 2 * time.Minute

// ofDefinition looks at the objects of the defined kind.
func (j *job) ofDefinition(ctx context.Context) (h held, err error) {
	k, err := j.client.defined(ctx, j.kind, j.n.name)
	if apierrors.IsNotFound(err) {
		return held{}, nil
	}
	if err != nil {
		return held{}, err
	}
	if k.Version == "" {
		return held{others: say("%s cannot be listed (no version of it is served)", k.ID())}, nil
	}
	l := lens{kind: k, federation: j.Federation, federationUID: j.FederationUID}
	err = j.client.everything(ctx, k, func(o *object) {
		s := l.metadata(&o.ObjectMeta)
		name := Key{k.ID(), o.Namespace, o.Name}.String()
		switch {
		case s.terminating:
		case s.ours:
			h.note(j.wished(k.ID(), &o.ObjectMeta), name)
		case h.others == "":
			h.others = name
		}
	})
	switch {
	case isUnserved(err):
		return held{}, nil
	case apierrors.IsForbidden(err):
		return held{others: say("%s cannot be listed (%s)", k.ID(), plain(err))}, nil
	default:
		return h, err
	}
}

// defined returns the kind that a definition defines, in a version that is served; "" if none is.
func (c *client) defined(ctx context.Context, definitions kinds.Kind, name string) (kinds.Kind, error) {
	answer, err := c.do(ctx, "get", c.Member.Client.Get().AbsPath(definitions.Path("", name)).SetHeader("Accept", acceptObject))
	if err != nil {
		return kinds.Kind{}, err
	}
	var d struct {
		Spec struct {
			Group    string
			Names    struct{ Plural, Kind string }
			Versions []struct {
				Name   string
				Served bool
			}
		}
	}
	if err := json.Unmarshal(answer, &d); err != nil {
		return kinds.Kind{}, fmt.Errorf("the member's answer is no definition: %w", err)
	}
	k := kinds.Kind{Group: d.Spec.Group, Resource: d.Spec.Names.Plural, Kind: d.Spec.Names.Kind, Namespaced: true}
	for _, v := range d.Spec.Versions {
		if v.Served {
			k.Version = v.Name
		}
	}
	return k, nil
}
