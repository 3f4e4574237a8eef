package customkinds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fedhelm/fedhelm/pkg/admission"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// settled is for how long a kind must have been there until the policy has it. An API server that does not know the schema of a kind yet,
// for which it looks every five seconds, answers a request that a mutating policy is for with 503, whatever the policy's failurePolicy.
// Until then the controller puts the finalizer on.
const settled = 10 * time.Second

// reconcile makes the policy, the rights and the subscribers know the kinds of marked definitions, and says when to do so again though
// nothing happens. A definition that cannot be read changes nothing.
func (f *Follower) reconcile(ctx context.Context) (again time.Duration, err error) {
	recorded, err := f.recorded(ctx)
	if err != nil {
		return 0, err
	}
	var definitions metav1.PartialObjectMetadataList
	definitions.SetGroupVersionKind(listOf(kinds.Definitions()))
	if err := f.o.Definitions.List(ctx, &definitions); err != nil {
		return 0, fmt.Errorf("list CustomResourceDefinitions: %w", err)
	}
	f.forget(definitions.Items)
	found, states, again := []kinds.Kind{kinds.Definitions()}, map[kinds.ID]string{}, lookAgain
	var errs []error
	for i := range definitions.Items {
		name := definitions.Items[i].Name
		kind, state, err := f.judge(ctx, &definitions.Items[i], recorded[name])
		switch {
		case err != nil:
			errs = append(errs, err)
			continue
		case state == "":
			continue
		case state == stateLeaving:
			again = min(again, leaveAgain)
		case state == stateNew:
			again = min(again, settled-f.o.Clock.Since(f.looked[name].since))
		}
		found = append(found, kind)
		states[kind.ID()] = state
	}
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	slices.SortFunc(found, func(a, b kinds.Kind) int { return cmp.Compare(a.ID(), b.ID()) })
	if err := f.record(ctx, found, states); err != nil {
		return 0, err
	}
	f.tell(found)
	return again, nil
}

// judge says what a definition is to the federation: a kind and its state, or nothing, if the state is "".
func (f *Follower) judge(ctx context.Context, definition *metav1.PartialObjectMetadata, was string) (kinds.Kind, string, error) {
	marked := marked(definition)
	if !marked && was == "" {
		return kinds.Kind{}, "", nil
	}
	kind, err := f.look(ctx, definition)
	switch {
	case errors.Is(err, errNoKind):
		return kinds.Kind{}, "", nil
	case err != nil:
		return kinds.Kind{}, "", err
	case marked && (was == admission.StateFederated || f.o.Clock.Since(f.looked[definition.Name].since) >= settled):
		return kind, admission.StateFederated, nil
	case marked:
		return kind, stateNew, nil
	}
	kind.Leaving = true
	if was != stateLeaving { // so far, new objects may get the finalizer
		return kind, stateLeaving, nil
	}
	held, err := f.held(ctx, kind)
	if err != nil || held {
		return kind, stateLeaving, err
	}
	return kinds.Kind{}, "", nil
}

// forget lets go of what was found in definitions that are no more.
func (f *Follower) forget(definitions []metav1.PartialObjectMetadata) {
	maps.DeleteFunc(f.looked, func(name string, _ looked) bool {
		return !slices.ContainsFunc(definitions, func(d metav1.PartialObjectMetadata) bool { return d.Name == name })
	})
}

// held says whether there are objects of a kind that wait for the federation to let go of them.
func (f *Follower) held(ctx context.Context, k kinds.Kind) (bool, error) {
	page := client.ListOptions{Limit: 500}
	for {
		var objects metav1.PartialObjectMetadataList
		objects.SetGroupVersionKind(listOf(k))
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

func listOf(k kinds.Kind) schema.GroupVersionKind {
	gvk := k.GroupVersionKind()
	gvk.Kind += "List"
	return gvk
}
