package placement

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/validation/field"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const selectorExample = `[{"key":"environment","operator":"In","values":["production","staging"]}]`

// operators are the spellings of federation v1.
var operators = map[string]selection.Operator{
	"in": selection.In, "In": selection.In,
	"notin": selection.NotIn, "NotIn": selection.NotIn,
	"exists": selection.Exists, "Exists": selection.Exists,
	"!": selection.DoesNotExist, "DoesNotExist": selection.DoesNotExist,
	"=": selection.Equals, "==": selection.DoubleEquals, "!=": selection.NotEquals,
	"gt": selection.GreaterThan, "Gt": selection.GreaterThan, ">": selection.GreaterThan,
	"lt": selection.LessThan, "Lt": selection.LessThan, "<": selection.LessThan,
}

// Select returns those of members, in their order, that the object's cluster selector matches: all of them without a selector
// or with an empty one. Whether a member is ready does not matter here: what is placed in one that is not is owed to it.
// A malformed selector is an error that wraps ErrMalformed; nothing is selected then, and nothing should be taken away.
// The result may be members itself.
func Select(o metav1.Object, members []Member) ([]Member, error) {
	selector, err := selectorOf(o)
	if err != nil {
		return nil, err
	}
	if selector.Empty() {
		return members, nil
	}
	selected := make([]Member, 0, len(members))
	for i := range members {
		if selector.Matches(labels.Set(members[i].Labels)) {
			selected = append(selected, members[i])
		}
	}
	return selected, nil
}

func selectorOf(o metav1.Object) (labels.Selector, error) {
	value, ok := o.GetAnnotations()[fedv1beta1.AnnotationV1ClusterSelector]
	if !ok {
		return labels.Everything(), nil
	}
	selector, err := parseSelector(value)
	if err != nil {
		return nil, malformed(o, fedv1beta1.AnnotationV1ClusterSelector, err, selectorExample)
	}
	return selector, nil
}

// parseSelector reads a JSON array of requirements, all of which must hold. It reports all that is wrong with them.
func parseSelector(value string) (labels.Selector, error) {
	var requirements []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	}
	if err := decodeStrict(value, &requirements); err != nil {
		return nil, err
	}
	selector := labels.NewSelector()
	var errs []error
	for i, r := range requirements {
		operator, ok := operators[r.Operator]
		if !ok {
			errs = append(errs, fmt.Errorf("requirement[%d].operator: %q is none of In, NotIn, Exists, DoesNotExist, =, ==, !=, Gt, Lt "+
				"(nor in, notin, exists, !, gt, lt, >, <)", i, r.Operator))
			continue
		}
		requirement, err := labels.NewRequirement(r.Key, operator, r.Values, field.WithPath(field.NewPath("requirement").Index(i)))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		selector = selector.Add(*requirement)
	}
	return selector, errors.Join(errs...)
}
