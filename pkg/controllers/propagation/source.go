package propagation

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/placement"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// source is what is kept of an object of the federation API. It does not change: an event brings another.
type source struct {
	key             delivery.Key
	divided         kinds.Divided
	uid             types.UID
	resourceVersion string
	generation      int64
	revision        uint64    // another one for each step that matters to members
	seen            time.Time // when it became what matters to members
	touched         bool      // that was since the kind began to be followed
	finalizers      []string
	annotations     map[string]string // those that are of interest; nil without any
	status          json.RawMessage

	wanted
}

// wanted is all of a source that matters to members.
type wanted struct {
	template *shape.Template // nil if it is excluded, or has a problem
	hash     string          // of the template
	share    shape.Share     // the whole that is divided
	selector string          // the annotation
	spread   string          // the annotation with the preferences
	problem  string          // why nothing is placed, and nothing taken away

	malformed bool // the problem is with the object, not with an annotation

	excluded bool // it goes into no member
	deleting bool
	closing  bool // a namespace or a definition that is to be deleted when it holds nothing: what it holds needs those of the members until then
	orphan   bool // of one that is deleting: its copies stay
	guarded  bool // it has our finalizer
	adopt    bool
	recreate bool
	helm     bool // Helm manages it
	indexed  bool // of a Job
	finished bool // of a Job

	target delivery.Key // of an autoscaler: what it scales
}

// preferences are the annotations by which replicas are divided. Kinds that federation v1 did not know use that of Deployments.
var preferences = map[kinds.ID]string{
	"replicasets.apps":  fedv1beta1.AnnotationV1ReplicaSetPreferences,
	"deployments.apps":  fedv1beta1.AnnotationV1DeploymentPreferences,
	"statefulsets.apps": fedv1beta1.AnnotationV1DeploymentPreferences,
	"jobs.batch":        fedv1beta1.AnnotationV1JobPreferences,
}

// read makes a source of an object as the server returned it, which is neither changed nor kept.
func read(k kinds.Kind, o *unstructured.Unstructured, marks shape.Marks, now time.Time) *source {
	s := &source{
		key: keyOf(k, o.GetNamespace(), o.GetName()), divided: k.Divided, uid: o.GetUID(), resourceVersion: o.GetResourceVersion(),
		generation: o.GetGeneration(), seen: now, finalizers: o.GetFinalizers(),
	}
	s.guarded = slices.Contains(s.finalizers, fedv1beta1.FinalizerPropagation)
	s.deleting = o.GetDeletionTimestamp() != nil
	s.closing = s.deleting && holds(k, o)
	s.deleting = s.deleting && !s.closing
	annotations := o.GetAnnotations()
	s.orphan = s.deleting && (annotations[fedv1beta1.AnnotationOrphan] == "true" || slices.Contains(s.finalizers, metav1.FinalizerOrphanDependents))
	if s.excluded = !kinds.Federated(k, o); s.excluded {
		return s
	}
	for _, name := range []string{fedv1beta1.AnnotationPropagation, fedv1beta1.AnnotationMembers} {
		if value, ok := annotations[name]; ok {
			if s.annotations == nil {
				s.annotations = map[string]string{}
			}
			s.annotations[name] = value
		}
	}
	s.adopt = annotations[fedv1beta1.AnnotationAdopt] == "true"
	s.recreate = annotations[fedv1beta1.AnnotationOnImmutable] == fedv1beta1.OnImmutableRecreate
	s.helm = o.GetLabels()["app.kubernetes.io/managed-by"] == "Helm"
	s.selector = annotations[fedv1beta1.AnnotationV1ClusterSelector]
	s.spread = annotations[preferences[k.ID()]]
	s.readDivided(k, o)
	if k.Status {
		if status, ok := o.Object["status"].(map[string]any); ok && len(status) > 0 {
			s.status, _ = json.Marshal(status) // what was decoded can be encoded
		}
	}
	s.problem = s.readTemplate(k, o, marks)
	return s
}

// holds says whether a namespace still has something in it, or a definition has instances, for all that their own controllers know.
func holds(k kinds.Kind, o *unstructured.Unstructured) bool {
	switch k.ID() {
	case namespaces:
		finalizers, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "finalizers")
		return len(finalizers) > 0
	case kinds.CRD:
		return slices.Contains(o.GetFinalizers(), instancesFinalizer)
	default:
		return false
	}
}

// instancesFinalizer is on a definition until the API server has deleted its instances.
const instancesFinalizer = "customresourcecleanup.apiextensions.k8s.io"

func keyOf(k kinds.Kind, namespace, name string) delivery.Key {
	return delivery.Key{Kind: k.ID(), Namespace: namespace, Name: name}
}

// readDivided reads what plans are made from.
func (s *source) readDivided(k kinds.Kind, o *unstructured.Unstructured) {
	s.share = shape.ShareOf(k, o)
	if k.Divided == kinds.Job {
		s.indexed, s.finished = shape.Indexed(o), finished(o)
	}
	if k.Divided == kinds.Bounds {
		s.target = scaled(shape.ScaleTarget(o), s.key.Namespace)
	}
}

// finished says whether a Job is Complete or has Failed.
func finished(job *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(job.Object, "status", "conditions")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if kind := condition["type"]; (kind == "Complete" || kind == "Failed") && condition["status"] == "True" {
			return true
		}
	}
	return false
}

// scaled is the key of what an autoscaler scales; the zero key if that is not divided.
func scaled(t shape.Target, namespace string) delivery.Key {
	for _, k := range kinds.Default() {
		if k.Divided == kinds.Replicas && k.Group == t.Group && k.Kind == t.Kind {
			return keyOf(k, namespace, t.Name)
		}
	}
	return delivery.Key{}
}

// readTemplate returns what is wrong with the object; "" if nothing is.
func (s *source) readTemplate(k kinds.Kind, o *unstructured.Unstructured, marks shape.Marks) string {
	if _, err := placement.Select(o, nil); err != nil {
		return err.Error()
	}
	if s.spread != "" {
		if _, err := placement.PreferencesOf(o, preferences[k.ID()]); err != nil {
			return err.Error()
		}
	}
	template, err := shape.New(k, o, marks)
	if err != nil {
		s.malformed = true
		return err.Error()
	}
	s.template, s.hash = template, template.Hash(shape.Share{})
	return ""
}

// same says whether members need not be told of the step from one source to the other.
func (s *source) same(other *source) bool {
	a, b := s.wanted, other.wanted
	a.template, b.template = nil, nil
	a.share, b.share = shape.Share{}, shape.Share{}
	return s.uid == other.uid && a == b && equalShares(s.share, other.share)
}

func equalShares(a, b shape.Share) bool {
	return equal(a.Replicas, b.Replicas) && equal(a.Parallelism, b.Parallelism) && equal(a.Completions, b.Completions) &&
		equal(a.MinReplicas, b.MinReplicas) && equal(a.MaxReplicas, b.MaxReplicas)
}

func equal(a, b *int32) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// over carries on what the source before had, which is the same to members: its template, so that there is one only, and since when.
func (s *source) over(before *source) {
	if before.hash == s.hash {
		s.template, s.hash = before.template, before.hash
	}
	s.revision, s.seen, s.touched = before.revision, before.seen, before.touched
	if slices.Equal(s.finalizers, before.finalizers) {
		s.finalizers = before.finalizers
	}
	if maps.Equal(s.annotations, before.annotations) {
		s.annotations = before.annotations
	}
}

// leaving says that its copies go.
func (s *source) leaving() bool { return s.deleting || s.excluded }

// farewell is what is wished of copies of a source that is leaving.
func (s *source) farewell() delivery.Wish {
	if s.orphan {
		return delivery.Wish{Action: delivery.Release, Source: s.uid}
	}
	return delivery.Wish{Action: delivery.Absent, Source: s.uid}
}
