// Package aggregate makes the native status of an object of the federation API out of those of its copies, so that kubectl, Helm and whatever
// else reads a status are told of all members as if they were one cluster. It is pure: no clients, no clock, no state.
package aggregate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// Source is the object whose status is made.
type Source struct {
	Kind       kinds.ID
	Generation int64
	Share      shape.Share     // the whole that is divided
	Status     json.RawMessage // as it is; what has not changed keeps its times
	// Halted says that nothing of the object goes to members, since it is malformed. What they hold is of a former generation.
	Halted bool
	// Now is the time of what has changed. A status has whole seconds.
	Now time.Time
}

// Part is what one member has of the object. Members that have no copy and shall have none are left out.
type Part struct {
	Member string
	// Applied says that the copy was made from the source as it is now.
	Applied bool
	// Leaving says that the copy shall go. It counts as long as its pods run.
	Leaving bool
	Wanted  shape.Share
	Pending int32 // of the wanted replicas, those on top of the total: they are not counted
	// Generation and Status are those of the copy. Without a copy Status is nil.
	Generation int64
	Status     json.RawMessage
	// Known is what is remembered of a copy that cannot be seen. It is looked at if Status is nil, or cannot be read.
	Known *Known
}

// Known is how far a copy is, in short.
type Known struct {
	Ready            int32 // ready replicas; pods of a Job that are ready or have succeeded; what an autoscaler runs
	Complete, Failed bool  // how a Job ended
}

// Result is a status as it is and as it shall be.
type Result struct {
	current, wanted any
	// Progress is that of each part, in the order in which they were given.
	Progress []Known
	// Unreadable says, in the same order, why a copy's status cannot be read; nil if it can. Such a copy counts as one that cannot be seen, and
	// keeps nothing from being told of the others.
	Unreadable []error
}

// Status is that of the kind's API type, a pointer.
func (r Result) Status() any { return r.wanted }

// Patch is a JSON merge patch of the status; nil if there is nothing to change.
func (r Result) Patch() (json.RawMessage, error) {
	if equality.Semantic.DeepEqual(r.current, r.wanted) {
		return nil, nil
	}
	current, err := fields(r.current)
	if err != nil {
		return nil, err
	}
	wanted, err := fields(r.wanted)
	if err != nil {
		return nil, err
	}
	patch := difference(current, wanted)
	if len(patch) == 0 {
		return nil, nil
	}
	return json.Marshal(patch)
}

// Status says what the status of the source shall be, whatever the order of the parts. It is not ok for kinds that have none which is made
// from members'. An error is about the status that the source has.
func Status(s Source, parts []Part) (r Result, ok bool, err error) {
	of, ok := makers[s.Kind]
	if !ok {
		return Result{}, false, nil
	}
	r, err = of(s, parts)
	return r, true, err
}

var makers = map[kinds.ID]func(Source, []Part) (Result, error){
	"deployments.apps":                     maker(deployment),
	"replicasets.apps":                     maker(replicaSet),
	"statefulsets.apps":                    maker(statefulSet),
	"daemonsets.apps":                      maker(daemonSet),
	"jobs.batch":                           maker(job),
	"cronjobs.batch":                       maker(cronJob),
	"horizontalpodautoscalers.autoscaling": maker(autoscaler),
	"ingresses.networking.k8s.io":          maker(ingress),
	"services":                             maker(service),
	"poddisruptionbudgets.policy":          maker(budget),
}

// status is one of the API types of statuses.
type status interface {
	appsv1.DeploymentStatus | appsv1.ReplicaSetStatus | appsv1.StatefulSetStatus | appsv1.DaemonSetStatus | batchv1.JobStatus |
		batchv1.CronJobStatus | autoscalingv2.HorizontalPodAutoscalerStatus | networkingv1.IngressStatus | corev1.ServiceStatus |
		policyv1.PodDisruptionBudgetStatus
}

// part is a Part whose status is decoded.
type part[S status] struct {
	*Part
	status S
	seen   bool // there is a copy that can be seen, and its status can be read
}

// maker reads statuses as what the kind's function takes.
func maker[S status](f func(Source, S, []part[S]) S) func(Source, []Part) (Result, error) {
	return func(s Source, parts []Part) (Result, error) {
		var current S
		if err := decode(s.Status, &current); err != nil {
			return Result{}, fmt.Errorf("read the status of the object: %w", err)
		}
		decoded := make([]part[S], len(parts))
		progress, unreadable := make([]Known, len(parts)), make([]error, len(parts))
		for i := range parts {
			var status S
			unreadable[i] = decode(parts[i].Status, &status)
			decoded[i].Part = &parts[i]
			if unreadable[i] == nil { // of what cannot be read, a part may have been
				decoded[i].status, decoded[i].seen = status, parts[i].Status != nil
			}
			progress[i] = progressOf(&decoded[i].status)
			if !decoded[i].seen && parts[i].Known != nil {
				progress[i] = *parts[i].Known
			}
		}
		slices.SortFunc(decoded, func(a, b part[S]) int { return strings.Compare(a.Member, b.Member) })
		wanted := f(s, current, decoded)
		return Result{&current, &wanted, progress, unreadable}, nil
	}
}

func progressOf(status any) Known {
	switch s := status.(type) {
	case *appsv1.DeploymentStatus:
		return Known{Ready: s.ReadyReplicas}
	case *appsv1.ReplicaSetStatus:
		return Known{Ready: s.ReadyReplicas}
	case *appsv1.StatefulSetStatus:
		return Known{Ready: s.ReadyReplicas}
	case *batchv1.JobStatus:
		return Known{
			Ready:    plus(int32Of(s.Ready), s.Succeeded),
			Complete: finished(*s, batchv1.JobComplete), Failed: finished(*s, batchv1.JobFailed),
		}
	case *autoscalingv2.HorizontalPodAutoscalerStatus:
		return Known{Ready: s.CurrentReplicas}
	default:
		return Known{}
	}
}

func decode(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// now is the Source's Now as it comes back from an API.
func (s *Source) now() metav1.Time { return metav1.NewTime(s.Now.Truncate(time.Second)) }
