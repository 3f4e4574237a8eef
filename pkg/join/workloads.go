package join

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/pager"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/inventory"
)

const (
	// Kinds are listed, and objects written, some beside each other: fast, without being a burden to the member.
	listsAtOnce  = 8
	writesAtOnce = 16
	pageSize     = 500
)

// workload is an object that the federation put into the member.
type workload struct {
	kind            inventory.ServedKind
	namespace, name string
	uid             types.UID
	version         string // resourceVersion
}

func (w workload) String() string {
	if w.namespace == "" {
		return w.kind.GroupResource().String() + " " + w.name
	}
	return w.kind.GroupResource().String() + " " + w.namespace + "/" + w.name
}

// leaveWorkloads takes the federation's marks off its objects in the member, or deletes the objects.
func (u *unjoinRun) leaveWorkloads(ctx context.Context) error {
	if u.gone != nil {
		u.leftWorkloads()
		return nil
	}
	if u.uid == "" { // with --force: nothing tells this federation's objects from those of another that has, or had, the name
		u.Progress.Warnf("which objects of member %q are this federation's is not known, as neither its API nor a ServiceAccount says who it is: they are left as they are", u.Name)
		u.leftWorkloads()
		return nil
	}
	title := "Taking the federation's marks off its objects in "
	if u.Workloads == DeleteWorkloads {
		title = "Deleting the federation's objects in "
	}
	step := u.Progress.Start(title + u.Member.Context)
	defer step.Fail()
	kinds, err := inventory.ServedKinds(u.Member.Client.Discovery())
	if err != nil && len(kinds) == 0 {
		return fmt.Errorf("ask member %q which kinds it serves: %w", u.Name, err)
	}
	if err != nil {
		u.Progress.Warnf("member %q does not tell all the kinds that it serves; objects of the others are left alone: %v", u.Name, err)
	}
	found, err := u.workloads(ctx, kinds)
	if err != nil {
		return err
	}
	if u.Workloads == DeleteWorkloads {
		err = u.deleteWorkloads(ctx, kinds, found)
	} else {
		err = u.each(ctx, found, "without the federation's marks", u.unmark)
	}
	if err != nil {
		return err
	}
	step.Donef("%d", len(found))
	return nil
}

// workloads finds the federation's objects of all kinds.
func (u *unjoinRun) workloads(ctx context.Context, kinds []inventory.ServedKind) ([]workload, error) {
	var mu sync.Mutex
	var found []workload
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(listsAtOnce)
	for _, kind := range kinds {
		g.Go(func() error {
			some, err := u.workloadsOf(ctx, kind)
			if apierrors.IsForbidden(err) {
				u.Progress.Warnf("the %s of member %q may not be listed; if some are the federation's they are left alone: %v", kind.GroupResource(), u.Name, err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, some...)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b workload) int { return strings.Compare(a.String(), b.String()) })
	return found, nil
}

func (u *unjoinRun) workloadsOf(ctx context.Context, kind inventory.ServedKind) ([]workload, error) {
	var found []workload
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return u.Member.Objects.Resource(kind.GroupVersionResource).List(ctx, o)
	})
	pages.PageSize = pageSize
	err := pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: labels.Set{fedv1beta1.LabelPropagatedBy: u.Federation.Name}.String()},
		func(o runtime.Object) error {
			if object, is := o.(*metav1.PartialObjectMetadata); is && u.propagated(object) {
				found = append(found, workload{kind, object.Namespace, object.Name, object.UID, object.ResourceVersion})
			}
			return nil
		})
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) { // a kind that has gone meanwhile, or holds nothing
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the %s of member %q: %w", kind.GroupResource(), u.Name, err)
	}
	return found, nil
}

// propagated tells whether this very federation put an object there. The label alone does not say so: Kubernetes copies a
// Service's labels to what it makes for it, and another federation may have had the name.
func (u *unjoinRun) propagated(o *metav1.PartialObjectMetadata) bool {
	uid := types.UID(o.Annotations[fedv1beta1.AnnotationFederationUID])
	return o.Labels[fedv1beta1.LabelPropagatedBy] == u.Federation.Name && uid != "" && uid == u.uid
}

// each does something to every object, and remembers how many there were of each kind, and which namespaces and definitions. What
// went meanwhile is passed over.
func (u *unjoinRun) each(ctx context.Context, objects []workload, did string, write func(context.Context, workload) error) error {
	counts := map[schema.GroupResource]int{}
	g, writing := errgroup.WithContext(ctx)
	g.SetLimit(writesAtOnce)
	for _, object := range objects {
		if kind := object.kind.GroupResource(); !holdsOthers(kind) {
			counts[kind]++
		}
		if u.DryRun {
			continue
		}
		g.Go(func() error {
			if err := ignoreNotFound(write(writing, object)); err != nil {
				return fmt.Errorf("%s of member %q: %w", object, u.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, kind := range slices.SortedFunc(maps.Keys(counts), func(a, b schema.GroupResource) int { return strings.Compare(a.String(), b.String()) }) {
		u.result.Done = append(u.result.Done, Deed{Place: InMember, Object: fmt.Sprintf("%s (%d)", kind, counts[kind]), Did: did})
	}
	for _, object := range objects {
		if holdsOthers(object.kind.GroupResource()) {
			u.result.Done = append(u.result.Done, Deed{Place: InMember, Object: object.String(), Did: did})
		}
	}
	return nil
}

func (u *unjoinRun) objects(w workload) metadata.ResourceInterface {
	return u.Member.Objects.Resource(w.kind.GroupVersionResource).Namespace(w.namespace)
}
