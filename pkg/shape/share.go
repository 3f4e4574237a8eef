package shape

import (
	"math"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Share is what one member gets of the fields that are divided among members. A nil field is not applied.
type Share struct {
	Replicas                 *int32
	Parallelism, Completions *int32
	MinReplicas, MaxReplicas *int32
}

// dividedFields are the members of spec that are cut out of templates, and come from the Share.
func dividedFields(d kinds.Divided) []string {
	switch d {
	case kinds.Replicas:
		return replicasFields
	case kinds.Job:
		return jobFields
	case kinds.Bounds:
		return boundsFields
	default:
		return nil
	}
}

var (
	replicasFields = []string{"replicas"}
	jobFields      = []string{"parallelism", "completions"}
	boundsFields   = []string{"minReplicas", "maxReplicas"}
)

func (s *Share) field(name string) **int32 {
	switch name {
	case "parallelism":
		return &s.Parallelism
	case "completions":
		return &s.Completions
	case "minReplicas":
		return &s.MinReplicas
	case "maxReplicas":
		return &s.MaxReplicas
	default:
		return &s.Replicas
	}
}

// ShareOf returns the whole that is divided among members, with Kubernetes' defaults where the object says nothing; the zero Share for
// kinds of which nothing is divided. The Completions of a Job that says nothing of them stay nil: nobody counts them.
func ShareOf(k kinds.Kind, o *unstructured.Unstructured) Share {
	var s Share
	spec, _ := o.Object["spec"].(map[string]any)
	for _, name := range dividedFields(k.Divided) {
		if n, ok := whole(spec[name]); ok {
			*s.field(name) = &n
		} else if name == "replicas" || name == "parallelism" || name == "minReplicas" {
			one := int32(1)
			*s.field(name) = &one
		}
	}
	return s
}

// whole accepts numbers as JSON decoders produce them.
func whole(v any) (int32, bool) {
	switch n := v.(type) {
	case int64:
		return int32(n), n >= math.MinInt32 && n <= math.MaxInt32 //nolint:gosec // the caller looks at both
	case float64:
		return int32(n), n == math.Trunc(n) && n >= math.MinInt32 && n <= math.MaxInt32
	default:
		return 0, false
	}
}

// append writes the fields of a kind as members of a JSON object, each after a comma.
func (s *Share) append(b []byte, divided kinds.Divided) []byte {
	for _, name := range dividedFields(divided) {
		if n := *s.field(name); n != nil {
			b = append(append(append(b, `,"`...), name...), `":`...)
			b = strconv.AppendInt(b, int64(*n), 10)
		}
	}
	return b
}
