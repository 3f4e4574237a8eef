//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// tokenPrefix begins the names of what tests make in the clusters.
const tokenPrefix = "e2e-"

// listing is every object of a cluster that may be this test's, and how it is: those of all of its namespaces, those of the
// cluster's own, and those in none. Other tests, and other users, may be at work beside it.
type listing map[string]state

// state is what changes when an object does.
type state struct {
	mark    string // with the user's part of the object: its status does not count
	version string // with anything at all
}

// churn are objects that Kubernetes makes and removes by itself all the time.
func churn(resource schema.GroupVersionResource, o metav1.PartialObjectMetadata) bool {
	switch resource.Resource {
	case "events", "nodes", "csinodes", "ipaddresses", "endpointslices", "endpoints", "componentstatuses", "controllerrevisions":
		return true
	case "leases":
		return strings.HasPrefix(o.Namespace, "kube-")
	}
	return false
}

// list takes down all objects of all kinds in the host cluster, but churn and those of other tests.
func (s *sandbox) list() listing {
	s.Helper()
	return s.listIn(bed.host, s.foreign)
}

// listIn takes down all objects of all kinds in a cluster, but churn and those that are foreign, and what ConfigMaps of kube-system hold.
func (s *sandbox) listIn(c *cluster, foreign func(schema.GroupVersionResource, metav1.PartialObjectMetadata) bool) listing {
	s.Helper()
	ctx := context.WithoutCancel(s.Context())
	lists, err := c.client.Discovery().ServerPreferredResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		s.Fatal(err)
	}
	all := s.volumes(ctx, c)
	maps.Copy(all, s.contents(ctx, c))
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
				objects, err := c.metadata.Resource(gvr).List(ctx, metav1.ListOptions{})
				if err != nil {
					return fmt.Errorf("list %s in %s: %w", gvr, c.context, err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, o := range objects.Items {
					if churn(gvr, o) || foreign(gvr, o) {
						continue
					}
					now := stateOf(o)
					if r.Name == "configmaps" && o.Namespace == metav1.NamespaceSystem {
						now = state{} // contents has it, without what others write there
					}
					all[gvr.GroupResource().String()+" "+o.Namespace+"/"+o.Name] = now
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

// nothing in a federation is foreign to the test that made it.
func nothing(schema.GroupVersionResource, metav1.PartialObjectMetadata) bool { return false }

// volumes are those bound to claims of the sandbox, and those bound to none. Their own names say nothing.
func (s *sandbox) volumes(ctx context.Context, c *cluster) listing {
	s.Helper()
	volumes, err := c.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	ours := listing{}
	for _, v := range volumes.Items {
		if v.Spec.ClaimRef == nil || strings.Contains(v.Spec.ClaimRef.Namespace, s.namespace) {
			ours["persistentvolumes "+v.Name] = state{mark: string(v.UID), version: string(v.UID)}
		}
	}
	return ours
}

// contents are the cluster's own ConfigMaps, which tests write to, byte for byte but for what other federations have in them: other
// bytes are another entry.
func (s *sandbox) contents(ctx context.Context, c *cluster) listing {
	s.Helper()
	own, err := c.client.CoreV1().ConfigMaps(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	held := listing{}
	for _, m := range own.Items {
		for part, texts := range map[string]map[string]string{"data": m.Data, "labels": m.Labels, "annotations": m.Annotations} {
			for key, text := range texts {
				sum := sha256.Sum256([]byte(withoutBlocks(text, s.others)))
				held[fmt.Sprintf("content of configmaps %s/%s: %s %s %x", m.Namespace, m.Name, part, key, sum)] = state{}
			}
		}
	}
	return held
}

var block = regexp.MustCompile(`(?sm)^# BEGIN fedhelm (\S+):.*?^# END fedhelm \S+\n`)

// withoutBlocks is a Corefile without the blocks of some federations, each given as NAMESPACE/NAME.
func withoutBlocks(text string, unwanted func(federation string) bool) string {
	return block.ReplaceAllStringFunc(text, func(found string) string {
		if unwanted(block.FindStringSubmatch(found)[1]) {
			return ""
		}
		return found
	})
}

// own tells a federation of this test.
func (s *sandbox) own(federation string) bool { return strings.HasPrefix(federation, s.namespace) }

func (s *sandbox) others(federation string) bool { return !s.own(federation) }

// stateOf marks objects that have a generation by that, for it leaves the status out.
func stateOf(o metav1.PartialObjectMetadata) state {
	version := fmt.Sprintf("%s version %s", o.UID, o.ResourceVersion)
	if o.Generation > 0 {
		return state{mark: fmt.Sprintf("%s generation %d", o.UID, o.Generation), version: version}
	}
	return state{mark: version, version: version}
}

// renewal is what a federation's CronJob makes when its time of the day comes.
var renewal = regexp.MustCompile(`^(?:jobs\.batch|pods) (\S+-renew)-\d{8}(?:-\w+)?$`)

// renewed tells a renewal of a federation that is still there.
func renewed(o string, in listing) bool {
	parts := renewal.FindStringSubmatch(o)
	if parts == nil {
		return false
	}
	_, there := in["cronjobs.batch "+parts[1]]
	return there
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
		if _, ok := before[o]; !ok && !renewed(o, after) {
			errs = append(errs, errors.New("left: "+o))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// unchanged compares also the content, except of what changes by itself: the state of pods and Jobs, and locks.
func unchanged(before, after listing) error {
	return compare(before, after, func(s state) string { return s.mark })
}

// untouched compares the versions of all objects, except of the same: nothing was written to them.
func untouched(before, after listing) error {
	return compare(before, after, func(s state) string { return s.version })
}

func compare(before, after listing, by func(state) string) error {
	errs := []error{sameListing(before, after)}
	for o, now := range after {
		kind, _, _ := strings.Cut(o, " ")
		was, ok := before[o]
		if kind == "cronjobs.batch" && was.mark == now.mark { // it notes when it ran
			continue
		}
		if ok && by(was) != by(now) && !slices.Contains([]string{"pods", "jobs.batch", "leases.coordination.k8s.io", "persistentvolumeclaims"}, kind) {
			errs = append(errs, fmt.Errorf("changed: %s: %s → %s", o, by(was), by(now)))
		}
	}
	return errors.Join(errs...)
}
