//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// tokenPrefix begins the names of what tests make in the host cluster.
const tokenPrefix = "e2e-"

// listing is every object of the host cluster that may be this test's, and a mark that changes when the object does:
// all of its namespaces, of the cluster's own, and what is in none. Other tests, and other users, may be at work beside it.
type listing map[string]string

// churn are objects that Kubernetes makes and removes by itself all the time.
func churn(resource schema.GroupVersionResource, o metav1.PartialObjectMetadata) bool {
	switch resource.Resource {
	case "events", "nodes", "csinodes", "ipaddresses", "endpointslices", "endpoints", "componentstatuses", "controllerrevisions":
		return true
	case "leases":
		return strings.HasPrefix(o.Namespace, "kube-")
	}
	return o.Namespace == "kube-system"
}

// list takes down all objects of all kinds, but churn and those of other tests.
func (s *sandbox) list() listing {
	s.Helper()
	ctx := context.WithoutCancel(s.Context())
	lists, err := bed.client.Discovery().ServerPreferredResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		s.Fatal(err)
	}
	all := s.volumes(ctx)
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, l := range lists {
		gv, err := schema.ParseGroupVersion(l.GroupVersion)
		if err != nil {
			s.Fatal(err)
		}
		for _, r := range l.APIResources {
			if !slices.Contains(r.Verbs, "list") || r.Name == "persistentvolumes" {
				continue
			}
			g.Go(func() error {
				gvr := gv.WithResource(r.Name)
				objects, err := bed.metadata.Resource(gvr).List(ctx, metav1.ListOptions{})
				if err != nil {
					return fmt.Errorf("list %s: %w", gvr, err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, o := range objects.Items {
					if churn(gvr, o) || s.foreign(gvr, o) {
						continue
					}
					all[gvr.GroupResource().String()+" "+o.Namespace+"/"+o.Name] = mark(o)
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		s.Fatal(err)
	}
	return all
}

// foreign tells an object that is none of this test's business: it is in somebody else's namespace, or of it.
func (s *sandbox) foreign(resource schema.GroupVersionResource, o metav1.PartialObjectMetadata) bool {
	switch {
	case strings.Contains(o.Namespace, s.namespace), strings.Contains(o.Name, s.namespace):
		return false
	case o.Namespace != "":
		return !strings.HasPrefix(o.Namespace, "kube-") && o.Namespace != metav1.NamespaceDefault
	case resource.Resource == "namespaces":
		return true
	default:
		return strings.HasPrefix(o.Name, "fedhelm:") || strings.HasPrefix(o.Name, tokenPrefix)
	}
}

// volumes are those bound to claims of the sandbox, and those bound to none. Their own names say nothing.
func (s *sandbox) volumes(ctx context.Context) listing {
	s.Helper()
	volumes, err := bed.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	ours := listing{}
	for _, v := range volumes.Items {
		if v.Spec.ClaimRef == nil || strings.Contains(v.Spec.ClaimRef.Namespace, s.namespace) {
			ours["persistentvolumes "+v.Name] = string(v.UID)
		}
	}
	return ours
}

// mark is the generation of objects that have one, whose status does not count; else the version.
func mark(o metav1.PartialObjectMetadata) string {
	if o.Generation > 0 {
		return fmt.Sprintf("%s generation %d", o.UID, o.Generation)
	}
	return fmt.Sprintf("%s version %s", o.UID, o.ResourceVersion)
}

// sameListing compares what there is.
func sameListing(before, after listing) error {
	var errs []error
	for o := range before {
		if _, ok := after[o]; !ok {
			errs = append(errs, errors.New("missing: "+o))
		}
	}
	for o := range after {
		if _, ok := before[o]; !ok {
			errs = append(errs, errors.New("left: "+o))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// unchanged compares also the content, except of what changes by itself: the state of pods and Jobs, and locks.
func unchanged(before, after listing) error {
	errs := []error{sameListing(before, after)}
	for o, m := range after {
		kind, _, _ := strings.Cut(o, " ")
		if was, ok := before[o]; ok && was != m && !slices.Contains([]string{"pods", "jobs.batch", "leases.coordination.k8s.io", "persistentvolumeclaims"}, kind) {
			errs = append(errs, fmt.Errorf("changed: %s: %s → %s", o, was, m))
		}
	}
	return errors.Join(errs...)
}
