package diagnosis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const (
	instanceLabel  = "app.kubernetes.io/instance"
	componentLabel = "app.kubernetes.io/component"
)

// snapshot is the state of a release that the rules look at.
type snapshot struct {
	client    kubernetes.Interface
	namespace string
	release   string

	podList      []corev1.Pod
	claimList    []corev1.PersistentVolumeClaim // all of the namespace: those of the user carry no label
	serviceList  []corev1.Service
	deployments  []appsv1.Deployment
	statefulSets []appsv1.StatefulSet
	jobList      []batchv1.Job
	events       map[types.UID][]corev1.Event // newest first

	brokenClaims map[string]bool // those with a finding of their own
}

func look(ctx context.Context, client kubernetes.Interface, namespace, release string) (*snapshot, error) {
	s := &snapshot{
		client: client, namespace: namespace, release: release,
		events: map[types.UID][]corev1.Event{}, brokenClaims: map[string]bool{},
	}
	ours := metav1.ListOptions{LabelSelector: instanceLabel + "=" + release}
	all := metav1.ListOptions{}
	core, apps := client.CoreV1(), client.AppsV1()
	var events []corev1.Event

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		l, err := core.Pods(namespace).List(ctx, ours)
		return keep(&s.podList, func() []corev1.Pod { return l.Items }, "pods", err)
	})
	g.Go(func() error {
		l, err := core.PersistentVolumeClaims(namespace).List(ctx, all)
		return keep(&s.claimList, func() []corev1.PersistentVolumeClaim { return l.Items }, "claims", err)
	})
	g.Go(func() error {
		l, err := core.Services(namespace).List(ctx, ours)
		return keep(&s.serviceList, func() []corev1.Service { return l.Items }, "services", err)
	})
	g.Go(func() error {
		l, err := core.Events(namespace).List(ctx, all)
		return keep(&events, func() []corev1.Event { return l.Items }, "events", err)
	})
	g.Go(func() error {
		l, err := apps.Deployments(namespace).List(ctx, ours)
		return keep(&s.deployments, func() []appsv1.Deployment { return l.Items }, "deployments", err)
	})
	g.Go(func() error {
		l, err := apps.StatefulSets(namespace).List(ctx, ours)
		return keep(&s.statefulSets, func() []appsv1.StatefulSet { return l.Items }, "stateful sets", err)
	})
	g.Go(func() error {
		l, err := client.BatchV1().Jobs(namespace).List(ctx, ours)
		return keep(&s.jobList, func() []batchv1.Job { return l.Items }, "jobs", err)
	})
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("look at release %q in namespace %q: %w", release, namespace, err)
	}
	slices.SortStableFunc(events, func(a, b corev1.Event) int { return eventTime(b).Compare(eventTime(a).Time) })
	for _, e := range events {
		s.events[e.InvolvedObject.UID] = append(s.events[e.InvolvedObject.UID], e)
	}
	return s, nil
}

// keep takes over a list; one that may not be read stays empty.
func keep[T any](to *[]T, items func() []T, kind string, err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", kind, err)
	}
	*to = items()
	return nil
}

// event returns the newest event of the object that has one of the reasons, nil if there is none.
func (s *snapshot) event(object types.UID, reasons ...string) *corev1.Event {
	for i, e := range s.events[object] {
		if slices.Contains(reasons, e.Reason) {
			return &s.events[object][i]
		}
	}
	return nil
}

func eventTime(e corev1.Event) metav1.Time {
	switch {
	case e.Series != nil:
		return metav1.Time(e.Series.LastObservedTime)
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp
	case !e.EventTime.IsZero():
		return metav1.Time(e.EventTime)
	}
	return e.CreationTimestamp
}

// oneLine makes a message of Kubernetes' fit for a sentence.
func oneLine(s string) string {
	const limit = 400
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return s
}
