package shape

import (
	"errors"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Annotations that begin like this say something of an object in its own cluster: ours, federation v1's, and what the Deployment
// controller counts.
var localAnnotations = []string{
	fedv1beta1.GroupName + "/", "federation.kubernetes.io/", "federation.alpha.kubernetes.io/", "deployment.kubernetes.io/",
}

// annotationGoes also keeps back what every server counts for itself, whatever is applied: how often a DaemonSet's template has changed.
func annotationGoes(name string) bool {
	return name != corev1.LastAppliedConfigAnnotation && name != appsv1.DeprecatedTemplateGeneration &&
		!slices.ContainsFunc(localAnnotations, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// labelGoes keeps our own labels back, which say how it stands with an object in its own cluster, and those that a server puts on.
func labelGoes(id kinds.ID, source *unstructured.Unstructured, name string) bool {
	switch {
	case strings.HasPrefix(name, fedv1beta1.GroupName+"/"):
		return false
	case id == "namespaces":
		return name != corev1.LabelMetadataName
	case id == "jobs.batch" && slices.Contains(jobLabels, name): // servers give a Job the labels of its pods if it has none
		spec, _ := source.Object["spec"].(map[string]any)
		return byHand(spec)
	default:
		return true
	}
}

var errSpec = errors.New("its spec is no object")

// content returns what a member gets beside metadata: all fields of the object; of kinds that are divided the spec apart, without the
// fields that the share has. Both are the caller's to read only: they share parts with the source.
func content(k kinds.Kind, source *unstructured.Unstructured) (object, spec map[string]any, err error) {
	id := k.ID()
	object = maps.Clone(source.Object)
	for _, name := range []string{"apiVersion", "kind", "metadata", "status"} {
		delete(object, name)
	}
	switch given := object["spec"].(type) {
	case nil:
	case map[string]any:
		spec = specOf(id, source, given)
		object["spec"] = spec
	default: // of a custom kind it may be anything
		if k.Divided != kinds.Whole {
			return nil, nil, errSpec
		}
	}
	switch {
	case k.Divided != kinds.Whole:
		delete(object, "spec")
		return object, without(spec, dividedFields(k.Divided)...), nil
	case id == "namespaces" && len(spec) == 0:
		delete(object, "spec")
	case id == "serviceaccounts":
		serviceAccount(object, source.GetName())
	}
	return object, nil, nil
}

// specOf returns the spec without what the server put into it. It is a copy if it differs.
func specOf(id kinds.ID, source *unstructured.Unstructured, spec map[string]any) map[string]any {
	switch id {
	case "namespaces":
		return without(spec, "finalizers")
	case "services":
		return service(spec, ownership(source))
	case "statefulsets.apps":
		return statefulSet(spec)
	case "jobs.batch":
		return job(spec)
	default:
		return spec
	}
}

// without returns a copy of an object that lacks members.
func without(o map[string]any, names ...string) map[string]any {
	o = maps.Clone(o)
	for _, name := range names {
		delete(o, name)
	}
	return o
}
