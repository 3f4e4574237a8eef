package shape

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Indexed says whether each completion of a Job has a number, so that the Job cannot be divided: each part would count from 0.
func Indexed(job *unstructured.Unstructured) bool {
	mode, _, _ := unstructured.NestedString(job.Object, "spec", "completionMode")
	return mode == "Indexed"
}

// Target is what an autoscaler scales, in its own namespace.
type Target struct {
	Group, Kind, Name string
}

// ScaleTarget returns what a HorizontalPodAutoscaler scales.
func ScaleTarget(autoscaler *unstructured.Unstructured) Target {
	ref, _, _ := unstructured.NestedMap(autoscaler.Object, "spec", "scaleTargetRef")
	version, _ := ref["apiVersion"].(string)
	group, _, found := strings.Cut(version, "/")
	if !found {
		group = "" // the core group has a version only
	}
	kind, _ := ref["kind"].(string)
	name, _ := ref["name"].(string)
	return Target{Group: group, Kind: kind, Name: name}
}
