package shape

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Marks tell whose copy an object is.
type Marks struct {
	Federation    string
	FederationUID types.UID
}

// ErrMalformed is wrapped when a source is no object as a server returns it: only a change of it helps.
var ErrMalformed = errors.New("malformed")

var errUnnamed = errors.New("it has no name or no UID")

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// New makes the template of a source: its name, labels and annotations, and all else but its status, without what belongs to the
// cluster that it is in. The source is as the server returned it, managedFields included, since they tell what the user chose from what
// the server allocated; without them, all that servers allocate counts as allocated. The source is not changed, and not kept.
func New(k kinds.Kind, source *unstructured.Unstructured, marks Marks) (*Template, error) {
	if source.GetName() == "" || source.GetUID() == "" {
		return nil, malformed(k, source, errUnnamed)
	}
	object, spec, err := content(k, source)
	if err != nil {
		return nil, malformed(k, source, err)
	}

	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // it holds nothing else
	defer buffers.Put(buffer)
	e := encoder{b: (*buffer)[:0]}
	t := &Template{divided: k.Divided}
	e.head(k, source, marks)
	t.meta = len(e.b)
	e.annotations(source, marks)
	e.members(object, nil)
	if k.Divided != kinds.Whole {
		e.raw(`,"spec":`)
		t.bare = e.open(spec)
	}
	t.share = len(e.b)
	if k.Divided != kinds.Whole {
		e.raw("}")
	}
	e.raw("}")
	*buffer = e.b
	if e.err != nil {
		return nil, malformed(k, source, e.err)
	}
	t.text = string(e.b)
	t.digest = sha256.Sum256(e.b)
	return t, nil
}

func malformed(k kinds.Kind, source *unstructured.Unstructured, err error) error {
	return fmt.Errorf("%s %q in namespace %q is %w: %w", k.Kind, source.GetName(), source.GetNamespace(), ErrMalformed, err)
}

// head writes the object up to its annotations. Labels of ours say how it stands with an object in its own cluster: that of a member is
// marked, and no more.
func (e *encoder) head(k kinds.Kind, source *unstructured.Unstructured, marks Marks) {
	e.raw(`{"apiVersion":`)
	e.value(k.GroupVersionKind().GroupVersion().String())
	e.raw(`,"kind":`)
	e.value(k.Kind)
	e.raw(`,"metadata":{"name":`)
	e.value(source.GetName())
	if k.Namespaced {
		e.raw(`,"namespace":`)
		e.value(source.GetNamespace())
	}
	e.raw(`,"labels":{"` + fedv1beta1.LabelPropagatedBy + `":`)
	e.value(marks.Federation)
	id := k.ID()
	e.members(nested(source, "labels"), func(name string) bool { return labelGoes(id, source, name) })
	e.raw("},")
}

// annotations writes what follows the hash, up to the end of the metadata.
func (e *encoder) annotations(source *unstructured.Unstructured, marks Marks) {
	e.raw(`,"` + fedv1beta1.AnnotationFederationUID + `":`)
	e.value(string(marks.FederationUID))
	e.raw(`,"` + fedv1beta1.AnnotationSourceUID + `":`)
	e.value(string(source.GetUID()))
	e.members(nested(source, "annotations"), annotationGoes)
	e.raw("}}")
}

// nested is a member of the metadata, which is not copied.
func nested(source *unstructured.Unstructured, name string) map[string]any {
	metadata, _ := source.Object["metadata"].(map[string]any)
	member, _ := metadata[name].(map[string]any)
	return member
}
