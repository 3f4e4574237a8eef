package fakehost

import (
	"context"
	"encoding/json"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Workloads are Deployments and StatefulSets. A patched one is not rolled out
// until Rollout is called.
type Workloads struct {
	FailPatch error
	// Ephemeral StatefulSets have no volume that outlives their pods.
	Ephemeral bool

	mu        sync.Mutex
	templates map[string]*template
}

type template struct {
	spec       corev1.PodTemplateSpec
	generation int64
	observed   int64
}

// Add places a workload that is rolled out.
func (f *Workloads) Add(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.templates == nil {
		f.templates = map[string]*template{}
	}
	for _, n := range names {
		f.templates[n] = &template{}
	}
}

// Rollout ends the roll-outs of all workloads.
func (f *Workloads) Rollout() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.templates {
		t.observed = t.generation
	}
}

// Patched returns how often each workload was changed.
func (f *Workloads) Patched() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]int64{}
	for n, t := range f.templates {
		out[n] = t.generation
	}
	return out
}

func (f *Workloads) get(name string) (template, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.templates[name]
	if !ok {
		return template{}, apierrors.NewNotFound(schema.GroupResource{Group: "apps", Resource: "workloads"}, name)
	}
	return template{*t.spec.DeepCopy(), t.generation, t.observed}, nil
}

func (f *Workloads) patch(name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.FailPatch != nil {
		return f.FailPatch
	}
	t, ok := f.templates[name]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{Group: "apps", Resource: "workloads"}, name)
	}
	var p struct {
		Spec struct{ Template corev1.PodTemplateSpec }
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	t.spec.Annotations = p.Spec.Template.Annotations
	t.generation++
	return nil
}

// Deployments is the view of the workloads as Deployments.
type Deployments struct{ *Workloads }

// Get returns a copy.
func (f Deployments) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.Deployment, error) {
	t, err := f.get(name)
	if err != nil {
		return nil, err
	}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: t.generation},
		Spec:       appsv1.DeploymentSpec{Template: t.spec},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: t.observed, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1},
	}, nil
}

// Patch changes the annotations of the pod template.
func (f Deployments) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*appsv1.Deployment, error) {
	return nil, f.patch(name, data)
}

// StatefulSets is the view of the workloads as StatefulSets.
type StatefulSets struct{ *Workloads }

// Get returns a copy.
func (f StatefulSets) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.StatefulSet, error) {
	t, err := f.get(name)
	if err != nil {
		return nil, err
	}
	var claims []corev1.PersistentVolumeClaim
	if !f.Ephemeral {
		claims = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}}}
	}
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Generation: t.generation},
		Spec:       appsv1.StatefulSetSpec{Template: t.spec, VolumeClaimTemplates: claims},
		Status:     appsv1.StatefulSetStatus{ObservedGeneration: t.observed, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1},
	}, nil
}

// Patch changes the annotations of the pod template.
func (f StatefulSets) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*appsv1.StatefulSet, error) {
	return nil, f.patch(name, data)
}
