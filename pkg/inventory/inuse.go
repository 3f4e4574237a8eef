package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/pager"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

const (
	enough   = 5 // findings: who asks wants to know whether there are any, and a few examples
	pageSize = 500
)

var errEnough = errors.New("enough was found")

// InUse says what a namespace holds that somebody would miss: RESOURCE.GROUP/NAME of a few objects, and the kinds of which that cannot be
// told, since they may not be listed, or since the API server of their group is away. It asks for all kinds that the cluster lists, for
// metadata alone.
//
// Nobody misses what is ours, what Kubernetes puts into every namespace or writes about other objects, the tokens of ServiceAccounts that
// nobody misses, what is on its way out, and what goes with its owner: an owner in the namespace is looked at itself, and without one
// Kubernetes removes the object. Claims of storage are missed whoever made them: what is in the volumes is the user's.
//
// An error says that it is not known whether there is something, and that it is worth trying again.
func InUse(
	ctx context.Context, kinds discovery.ServerResourcesInterface, objects metadata.Interface,
	namespace string, ours func(schema.GroupResource, *metav1.PartialObjectMetadata) bool,
) (found []string, err error) {
	served, err := ServedKinds(kinds)
	l := &look{objects: objects, namespace: namespace, ours: ours, within: map[schema.GroupKind]bool{}, free: map[types.UID]bool{}}
	if l.found, err = unseen(err); err != nil {
		return nil, fmt.Errorf("ask which kinds there are: %w", err)
	}
	served = slices.DeleteFunc(served, func(k ServedKind) bool { return !k.Namespaced })
	for _, k := range served {
		l.within[schema.GroupKind{Group: k.Group, Kind: k.Kind}] = true
	}
	// Claims say most clearly that a namespace is in use; which Secrets are tokens is known after the ServiceAccounts.
	slices.SortStableFunc(served, func(a, b ServedKind) int { return cmp.Compare(turn(a), turn(b)) })
	for _, k := range served {
		if len(l.found) >= enough {
			break
		}
		if err := l.at(ctx, k); err != nil {
			return nil, err
		}
	}
	return l.found, nil
}

func turn(k ServedKind) int {
	switch k.GroupResource() {
	case claims:
		return 0
	case secrets:
		return 2
	}
	return 1
}

var (
	claims          = schema.GroupResource{Resource: "persistentvolumeclaims"}
	configMaps      = schema.GroupResource{Resource: "configmaps"}
	secrets         = schema.GroupResource{Resource: "secrets"}
	serviceAccounts = schema.GroupResource{Resource: "serviceaccounts"}
)

// unseen turns groups whose API server is away into findings, and returns any other error.
func unseen(err error) ([]string, error) {
	var away *discovery.ErrGroupDiscoveryFailed
	if !errors.As(err, &away) {
		return nil, err
	}
	var found []string
	for version := range away.Groups {
		if !computed[version.Group] {
			found = append(found, fmt.Sprintf("%s cannot be seen", version))
		}
	}
	slices.Sort(found)
	return found, nil
}

// look is one look into a namespace.
type look struct {
	objects   metadata.Interface
	namespace string
	ours      func(schema.GroupResource, *metav1.PartialObjectMetadata) bool
	within    map[schema.GroupKind]bool // kinds of which the objects in the namespace are looked at
	free      map[types.UID]bool        // ServiceAccounts that nobody misses
	found     []string
}

// at looks at all objects of a kind.
func (l *look) at(ctx context.Context, k ServedKind) error {
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return l.objects.Resource(k.GroupVersionResource).Namespace(l.namespace).List(ctx, o)
	})
	pages.PageSize = pageSize
	pages.PageBufferSize = 0
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		object, ok := o.(*metav1.PartialObjectMetadata)
		if !ok {
			return fmt.Errorf("a %T instead of metadata", o)
		}
		missed, err := l.missed(ctx, k, object)
		if err != nil {
			return err
		}
		if missed {
			l.found = append(l.found, printable.Line(k.GroupResource().String()+"/"+object.Name, 300))
		}
		if len(l.found) >= enough {
			return errEnough
		}
		return nil
	})
	switch {
	case err == nil, errors.Is(err, errEnough):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err): // a kind that has gone meanwhile, or holds nothing
		return nil
	case apierrors.IsForbidden(err):
		l.found = append(l.found, k.GroupResource().String()+" cannot be listed")
		return nil
	default:
		return fmt.Errorf("list the %s in namespace %q: %w", k.GroupResource(), l.namespace, err)
	}
}

// missed tells whether somebody would miss the object.
func (l *look) missed(ctx context.Context, k ServedKind, o *metav1.PartialObjectMetadata) (bool, error) {
	kind := k.GroupResource()
	switch {
	case o.DeletionTimestamp != nil:
		return false, nil
	case kind == claims:
		return true, nil
	case l.ours(kind, o), kind == serviceAccounts && o.Name == "default":
		if kind == serviceAccounts {
			l.free[o.UID] = true
		}
		return false, nil
	case kind == configMaps && o.Name == "kube-root-ca.crt":
		return false, nil
	case kind == secrets && l.free[types.UID(o.Annotations[corev1.ServiceAccountUIDKey])]:
		token, err := l.isToken(ctx, k, o.Name)
		return !token, err
	default:
		return len(o.OwnerReferences) == 0 || slices.ContainsFunc(o.OwnerReferences, l.outside), nil
	}
}

// outside tells whether an owner is not among what is looked at: what it owns does not go with the namespace's other objects.
func (l *look) outside(owner metav1.OwnerReference) bool {
	return !l.within[schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind).GroupKind()]
}

// isToken asks whether a Secret is a token: its metadata may say so of any.
func (l *look) isToken(ctx context.Context, k ServedKind, name string) (bool, error) {
	tokens, err := l.objects.Resource(k.GroupVersionResource).Namespace(l.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.Set{"metadata.name": name, "type": string(corev1.SecretTypeServiceAccountToken)}.String(),
	})
	return err == nil && len(tokens.Items) > 0, err
}
