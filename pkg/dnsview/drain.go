package dnsview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// fieldManager writes what people change by fedhelm.
const fieldManager = "fedhelm"

// DrainOptions are those of Drain and Undrain.
type DrainOptions struct {
	API     API
	Cluster string
	// Namespace and Service choose one Service; "" means all names of the federation.
	Namespace, Service string
	Timeout            time.Duration
	Progress           *progress.Reporter // nil: silent
	// Every is how often the federation is looked at while it is waited for; 0 means every second.
	Every time.Duration
}

// Drained is what came of a drain or its end. Scripts read its fields: they stay.
type Drained struct {
	Cluster string `json:"cluster"`
	Service string `json:"service,omitempty"` // NAMESPACE/NAME; missing: all
	Drained bool   `json:"drained"`           // false: it was brought back
	Changed bool   `json:"changed"`           // false: it was so before
	// Moved are the Services whose names lead elsewhere now, or to the cluster again.
	Moved []string `json:"moved"`
	// Unbacked are those that no other member backs: they have no names now.
	Unbacked []string `json:"unbacked"`
	// Kept are those whose names do not lead to the cluster although it is not drained any more, with the reasons.
	Kept []Kept `json:"kept"`
	// TTL is the longest of theirs, in seconds: for so long others may keep the former addresses.
	TTL uint32 `json:"ttl"`
}

// Kept is a Service that a member does not back.
type Kept struct {
	Service string `json:"service"`
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// Drain takes a member out of all names, or out of those of one Service, and waits until no name leads to it any more. Run again, it waits again.
// What cannot be is refused, all of it, before anything is written (setup.ErrRefused); a limit that runs out gives setup.ErrTimedOut, and what was
// waited for: the drain stays.
func Drain(ctx context.Context, o DrainOptions) (Drained, error) { return o.run(ctx, true) }

// Undrain brings a member back into names, and waits until they lead to it again, as far as it can back them.
func Undrain(ctx context.Context, o DrainOptions) (Drained, error) { return o.run(ctx, false) }

func (o DrainOptions) run(ctx context.Context, drain bool) (Drained, error) {
	if o.Every <= 0 {
		o.Every = time.Second
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, setup.ErrTimedOut)
	defer cancel()
	v, err := o.look(ctx)
	if err != nil {
		return Drained{}, setup.Refused(err)
	}
	result := Drained{Cluster: o.Cluster, Drained: drain, Moved: []string{}, Unbacked: []string{}, Kept: []Kept{}}
	w := newWaiting(o, drain, v)
	step := o.Progress.Start(o.title(drain))
	defer step.Fail()
	if o.Service == "" {
		result.Changed, err = o.annotateCluster(ctx, v, drain)
	} else {
		result.Service = o.Namespace + "/" + o.Service
		result.Changed, err = o.annotateService(ctx, drain)
	}
	if err != nil {
		return Drained{}, err
	}
	last, err := w.wait(ctx, step)
	if err != nil {
		return Drained{}, err
	}
	w.report(last, &result)
	step.Done()
	return result, nil
}

func (o DrainOptions) title(drain bool) string {
	names := "all names"
	if o.Service != "" {
		names = "the names of Service " + o.Namespace + "/" + o.Service
	}
	if drain {
		return fmt.Sprintf("Taking %s out of %s", o.Cluster, names)
	}
	return fmt.Sprintf("Bringing %s back into %s", o.Cluster, names)
}

// look reads the federation, and returns all that stands in the way.
func (o DrainOptions) look(ctx context.Context) (*View, error) {
	v, err := Read(ctx, o.API, o.Namespace)
	if err != nil {
		return nil, err
	}
	var errs []error
	if v.cluster(o.Cluster) == nil {
		errs = append(errs, v.unknownCluster(o.Cluster))
	}
	if o.Service != "" {
		at := slices.IndexFunc(v.services, func(s corev1.Service) bool { return s.Name == o.Service && s.Namespace == o.Namespace })
		switch {
		case at < 0:
			errs = append(errs, fmt.Errorf("--service: federation %q has no Service %q in namespace %q", v.Federation, o.Service, o.Namespace))
		case !published(&v.services[at]):
			errs = append(errs, fmt.Errorf("--service: Service %q has no names: %s", o.Namespace+"/"+o.Service, notPublished(&v.services[at])))
		}
	}
	return v, errors.Join(errs...)
}

func (o DrainOptions) annotateCluster(ctx context.Context, v *View, drain bool) (changed bool, err error) {
	value := map[bool]string{true: "true", false: ""}[drain]
	if is := v.cluster(o.Cluster).Annotations[fedv1beta1.AnnotationDNSDrain]; is == value || !drain && !dnsstate.DrainedCluster(v.cluster(o.Cluster).Annotations) {
		return false, nil
	}
	if _, err := o.API.Clusters.Annotate(ctx, o.Cluster, fedv1beta1.AnnotationDNSDrain, value); err != nil {
		return false, fmt.Errorf("annotate Cluster %q: %w", o.Cluster, err)
	}
	return true, nil
}

// annotateService adds the member to those that the Service keeps out, or takes it from them. What others write meanwhile is not overwritten.
func (o DrainOptions) annotateService(ctx context.Context, drain bool) (changed bool, err error) {
	services := o.API.Kube.CoreV1().Services(o.Namespace)
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		s, err := services.Get(ctx, o.Service, metav1.GetOptions{})
		if err != nil {
			return err
		}
		members, err := o.drains(s.Annotations, drain)
		if err != nil {
			return err
		}
		if changed = !slices.Equal(members, dnsstate.Drains(s.Annotations)); !changed {
			return nil
		}
		annotations := map[string]any{fedv1beta1.AnnotationDNSDrain: strings.Join(members, ",")}
		if len(members) == 0 {
			annotations[fedv1beta1.AnnotationDNSDrain] = nil
		}
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"resourceVersion": s.ResourceVersion, "annotations": annotations}})
		if err != nil {
			return err
		}
		_, err = services.Patch(ctx, o.Service, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
		return err
	})
	if err != nil && !errors.Is(err, setup.ErrRefused) {
		err = fmt.Errorf("annotate Service %q: %w", o.Namespace+"/"+o.Service, err)
	}
	if apierrors.IsConflict(err) {
		err = fmt.Errorf("%w; it is changed all the time by others: run this again", err)
	}
	return changed, err
}

// drains are the members that a Service is to keep out.
func (o DrainOptions) drains(annotations map[string]string, drain bool) ([]string, error) {
	members := dnsstate.Drains(annotations)
	all := slices.Contains(members, fedv1beta1.DNSDrainAll)
	switch {
	case all && !drain:
		return nil, setup.Refused(fmt.Errorf("annotation %s of Service %q drains all members, so that one of them cannot be brought back: write the others into it instead of %s",
			fedv1beta1.AnnotationDNSDrain, o.Namespace+"/"+o.Service, fedv1beta1.DNSDrainAll))
	case all:
		return members, nil
	case drain:
		members = append(members, o.Cluster)
		slices.Sort(members)
		return slices.Compact(members), nil
	default:
		return slices.DeleteFunc(members, func(m string) bool { return m == o.Cluster }), nil
	}
}
