package customkinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/admission"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// looked is what was found in one version of a definition.
type looked struct {
	version string // resourceVersion
	kind    kinds.Kind
	problem error     // why there is no kind
	since   time.Time // when this process first saw that there is one
}

// look reads a definition, unless this version of it was read before.
func (f *Follower) look(ctx context.Context, metadata *metav1.PartialObjectMetadata) (kinds.Kind, error) {
	known := f.looked[metadata.Name]
	if known.version == metadata.ResourceVersion {
		return known.kind, known.problem
	}
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(kinds.Definitions().GroupVersionKind())
	if err := f.o.Live.Get(ctx, client.ObjectKey{Name: metadata.Name}, u); err != nil {
		return kinds.Kind{}, fmt.Errorf("read CustomResourceDefinition %q: %w", metadata.Name, err)
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &definition); err != nil {
		return kinds.Kind{}, fmt.Errorf("read CustomResourceDefinition %q: %w", metadata.Name, err)
	}
	kind, problem := kindOf(&definition)
	if problem != nil {
		ctrl.LoggerFrom(ctx).Info("A marked kind is not federated", "definition", metadata.Name, "reason", problem.Error())
	}
	if known.since.IsZero() && problem == nil {
		known.since = f.o.Clock.Now()
	}
	// If what was read is newer than the metadata, it is read once more when those come.
	f.looked[metadata.Name] = looked{version: metadata.ResourceVersion, kind: kind, problem: problem, since: known.since}
	return kind, problem
}

// errNoKind is why a definition brings no kind, until it is changed.
var errNoKind = errors.New("no kind to federate")

// kindOf is the kind that a definition defines. Its version is the one that objects are stored in: it is served wherever the definition
// is, and asking for it converts nothing.
func kindOf(definition *apiextensionsv1.CustomResourceDefinition) (kinds.Kind, error) {
	spec := definition.Spec
	if admission.Reserved(spec.Group) {
		return kinds.Kind{}, fmt.Errorf("%w: group %q is not for custom kinds", errNoKind, spec.Group)
	}
	if !slices.ContainsFunc(definition.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	}) {
		return kinds.Kind{}, fmt.Errorf("%w: the definition is not established", errNoKind)
	}
	served := slices.DeleteFunc(slices.Clone(spec.Versions), func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return !v.Served })
	if len(served) == 0 {
		return kinds.Kind{}, fmt.Errorf("%w: no version of it is served", errNoKind)
	}
	best := slices.MaxFunc(served, func(a, b apiextensionsv1.CustomResourceDefinitionVersion) int {
		if a.Storage != b.Storage {
			if a.Storage {
				return 1
			}
			return -1
		}
		return version.CompareKubeAwareVersionStrings(a.Name, b.Name)
	})
	return kinds.Kind{
		Group:      spec.Group,
		Version:    best.Name,
		Resource:   spec.Names.Plural,
		Kind:       spec.Names.Kind,
		Namespaced: spec.Scope == apiextensionsv1.NamespaceScoped,
	}, nil
}

// marked says whether a definition with these metadata is federated.
func marked(metadata *metav1.PartialObjectMetadata) bool {
	var o unstructured.Unstructured
	o.SetName(metadata.Name)
	o.SetLabels(metadata.Labels)
	o.SetAnnotations(metadata.Annotations)
	return kinds.Federated(kinds.Definitions(), &o)
}

func definitionMetadata() *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(kinds.Definitions().GroupVersionKind())
	return m
}
