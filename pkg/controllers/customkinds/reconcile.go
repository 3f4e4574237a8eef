package customkinds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// reconcile makes the policy, the rights and the subscribers know the kinds of marked definitions, and reports whether one is leaving.
// A definition that cannot be read changes nothing.
func (f *Follower) reconcile(ctx context.Context) (leaving bool, err error) {
	recorded, err := f.recorded(ctx)
	if err != nil {
		return false, err
	}
	var definitions metav1.PartialObjectMetadataList
	definitions.SetGroupVersionKind(kinds.Definitions().GroupVersionKind().GroupVersion().WithKind("CustomResourceDefinitionList"))
	if err := f.o.Definitions.List(ctx, &definitions); err != nil {
		return false, fmt.Errorf("list CustomResourceDefinitions: %w", err)
	}
	found := []kinds.Kind{kinds.Definitions()}
	var errs []error
	there := map[string]bool{}
	for i := range definitions.Items {
		definition := &definitions.Items[i]
		there[definition.Name] = true
		was, wasKind := recorded[definition.Name]
		if !marked(definition) && !wasKind {
			continue
		}
		kind, err := f.look(ctx, definition)
		if errors.Is(err, errNoKind) {
			continue
		}
		if err == nil && !marked(definition) {
			kind.Leaving = true
			var held bool
			// New objects are free of the finalizer only since the policy knows.
			if held, err = f.held(ctx, kind); err == nil && !held && was == stateLeaving {
				continue
			}
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		leaving = leaving || kind.Leaving
		found = append(found, kind)
	}
	if err := errors.Join(errs...); err != nil {
		return false, err
	}
	for name := range f.looked {
		if !there[name] {
			delete(f.looked, name)
		}
	}
	slices.SortFunc(found, func(a, b kinds.Kind) int { return cmp.Compare(a.ID(), b.ID()) })
	if err := f.record(ctx, found); err != nil {
		return false, err
	}
	f.tell(found)
	return leaving, nil
}

// held says whether there are objects of a kind that wait for the federation to let go of them.
func (f *Follower) held(ctx context.Context, k kinds.Kind) (bool, error) {
	page := client.ListOptions{Limit: 500}
	for {
		var objects metav1.PartialObjectMetadataList
		gvk := k.GroupVersionKind()
		gvk.Kind += "List"
		objects.SetGroupVersionKind(gvk)
		err := f.o.Live.List(ctx, &objects, &page)
		switch {
		case apierrors.IsNotFound(err), meta.IsNoMatchError(err): // the definition has gone meanwhile
			return false, nil
		case err != nil:
			return false, fmt.Errorf("list %s: %w", k.ID(), err)
		}
		for i := range objects.Items {
			if slices.Contains(objects.Items[i].Finalizers, fedv1beta1.FinalizerPropagation) {
				return true, nil
			}
		}
		if page.Continue = objects.Continue; page.Continue == "" {
			return false, nil
		}
	}
}
