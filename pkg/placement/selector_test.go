package placement

import (
	"errors"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// annotated is an object with one annotation.
func annotated(annotation, value string) metav1.Object {
	return &metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{annotation: value}}
}

func names(members []Member) []string {
	var got []string
	for i := range members {
		got = append(got, members[i].Name)
	}
	return got
}

func TestSelect(t *testing.T) {
	members := []Member{
		{Name: "gondor", Ready: true, Labels: map[string]string{"environment": "production", "nodes": "12"}},
		{Name: "rohan", Ready: true, Labels: map[string]string{"environment": "staging", "nodes": "3"}},
		{Name: "mordor", Labels: map[string]string{"environment": "production", "nodes": "many"}},
		{Name: "shire", Ready: true},
	}
	tests := []struct {
		name, selector string
		want           []string
	}{
		{"no requirement matches all", `[]`, []string{"gondor", "rohan", "mordor", "shire"}},
		{"In", `[{"key":"environment","operator":"In","values":["production","test"]}]`, []string{"gondor", "mordor"}},
		{"in", `[{"key":"environment","operator":"in","values":["staging"]}]`, []string{"rohan"}},
		{"NotIn matches those without the label", `[{"key":"environment","operator":"NotIn","values":["production"]}]`, []string{"rohan", "shire"}},
		{"notin", `[{"key":"environment","operator":"notin","values":["production","staging"]}]`, []string{"shire"}},
		{"Exists", `[{"key":"environment","operator":"Exists"}]`, []string{"gondor", "rohan", "mordor"}},
		{"exists, with no values", `[{"key":"environment","operator":"exists","values":[]}]`, []string{"gondor", "rohan", "mordor"}},
		{"DoesNotExist", `[{"key":"environment","operator":"DoesNotExist"}]`, []string{"shire"}},
		{"!", `[{"key":"environment","operator":"!"}]`, []string{"shire"}},
		{"=", `[{"key":"environment","operator":"=","values":["staging"]}]`, []string{"rohan"}},
		{"==", `[{"key":"environment","operator":"==","values":["staging"]}]`, []string{"rohan"}},
		{"!= matches those without the label", `[{"key":"environment","operator":"!=","values":["staging"]}]`, []string{"gondor", "mordor", "shire"}},
		{"Gt compares numbers, and skips what is none", `[{"key":"nodes","operator":"Gt","values":["3"]}]`, []string{"gondor"}},
		{"gt", `[{"key":"nodes","operator":"gt","values":["2"]}]`, []string{"gondor", "rohan"}},
		{">", `[{"key":"nodes","operator":">","values":["12"]}]`, nil},
		{"Lt", `[{"key":"nodes","operator":"Lt","values":["12"]}]`, []string{"rohan"}},
		{"lt", `[{"key":"nodes","operator":"lt","values":["13"]}]`, []string{"gondor", "rohan"}},
		{"<", `[{"key":"nodes","operator":"<","values":["3"]}]`, nil},
		{"all requirements must hold", `[{"key":"environment","operator":"Exists"},{"key":"nodes","operator":"<","values":["5"]}]`, []string{"rohan"}},
		{"the case of field names is irrelevant", `[{"Key":"environment","OPERATOR":"=","Values":["staging"]}]`, []string{"rohan"}},
		{"space around it is irrelevant", " [ ]\n", []string{"gondor", "rohan", "mordor", "shire"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			selected, err := Select(annotated(fedv1beta1.AnnotationV1ClusterSelector, tt.selector), members)
			if got := names(selected); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Select by %s = %v, %v, want %v", tt.selector, got, err, tt.want)
			}
		})
	}
	t.Run("no selector matches all", func(t *testing.T) {
		if selected, err := Select(&metav1.ObjectMeta{Name: "shop"}, members); err != nil || len(selected) != len(members) {
			t.Errorf("Select = %v, %v", names(selected), err)
		}
	})
}

func TestSelectRefusesMalformedSelectors(t *testing.T) {
	tests := []struct {
		name, selector string
		want           []string
	}{
		{"nothing", ``, []string{"empty or ends too early"}},
		{"no JSON", `environment=production`, []string{"invalid character 'e'"}},
		{"half of it", `[{"key":"a"`, []string{"ends too early"}},
		{"null", `null`, []string{"the value is null"}},
		{"no array", `{"key":"environment","operator":"Exists"}`, []string{"cannot be a object"}},
		{"more than one value", `[] []`, []string{"something follows the JSON value"}},
		{"a key that is no label", `[{"key":"no label","operator":"Exists"}]`, []string{"requirement[0].key", `"no label"`}},
		{"no key", `[{"operator":"Exists"}]`, []string{"requirement[0].key"}},
		{"a value that is no label value", `[{"key":"a","operator":"=","values":["no/value"]}]`, []string{"requirement[0].values[0]", `"no/value"`}},
		{"no operator", `[{"key":"a"}]`, []string{`requirement[0].operator: "" is none of In, NotIn, Exists`}},
		{"an operator in capitals", `[{"key":"a","operator":"IN","values":["b"]}]`, []string{`"IN" is none of`}},
		{"In without values", `[{"key":"a","operator":"In"}]`, []string{"requirement[0].values"}},
		{"Exists with values", `[{"key":"a","operator":"Exists","values":["b"]}]`, []string{"requirement[0].values"}},
		{"= with two values", `[{"key":"a","operator":"=","values":["b","c"]}]`, []string{"requirement[0].values"}},
		{"Gt with no number", `[{"key":"a","operator":"Gt","values":["b"]}]`, []string{"must be an integer"}},
		{"Gt with two numbers", `[{"key":"a","operator":"Gt","values":["1","2"]}]`, []string{"requirement[0].values"}},
		{"values that are numbers", `[{"key":"a","operator":"Gt","values":[1]}]`, []string{"values cannot be a number"}},
		{"a field that is not known", `[{"key":"a","operator":"Exists","vales":["b"]}]`, []string{`unknown field "vales"`}},
		{"a field that comes twice", `[{"key":"a","Key":"b","operator":"Exists"}]`, []string{`"Key" is there twice`}},
		{"all that is wrong, at once", `[{"key":"a","operator":"?"},{"key":"b","operator":"In"},{"key":"c","operator":"Exists"}]`,
			[]string{`requirement[0].operator: "?"`, "requirement[1].values"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			selected, err := Select(annotated(fedv1beta1.AnnotationV1ClusterSelector, tt.selector), ready("a", "b"))
			if !errors.Is(err, ErrMalformed) || selected != nil {
				t.Fatalf("Select = %v, %v, want nothing and ErrMalformed", names(selected), err)
			}
			for _, want := range append(tt.want, fedv1beta1.AnnotationV1ClusterSelector, `"shop/web"`, "for example: "+selectorExample) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
		})
	}
}

func TestSelectNamesAnObjectWithoutNamespace(t *testing.T) {
	o := &metav1.ObjectMeta{Name: "shop", Annotations: map[string]string{fedv1beta1.AnnotationV1ClusterSelector: "{"}}
	if _, err := Select(o, nil); err == nil || !strings.Contains(err.Error(), `of "shop":`) {
		t.Errorf("Select: %v", err)
	}
}

func TestExamplesInErrorsAreRight(t *testing.T) {
	if _, err := parseSelector(selectorExample); err != nil {
		t.Errorf("selector: %v", err)
	}
	if _, err := parsePreferences(preferencesExample); err != nil {
		t.Errorf("preferences: %v", err)
	}
}

func FuzzSelector(f *testing.F) {
	for _, seed := range []string{"", "[]", "null", selectorExample, `[{"key":"a","operator":"!"}]`, `[{"key":"a","operator":"Lt","values":["7"]}]`, `[[{}]]`} {
		f.Add(seed, "production")
	}
	f.Fuzz(func(t *testing.T, value, label string) {
		o := annotated(fedv1beta1.AnnotationV1ClusterSelector, value)
		members := []Member{{Name: "a", Labels: map[string]string{"environment": label}}, {Name: "b"}}
		selected, err := Select(o, members)
		if err != nil {
			if !errors.Is(err, ErrMalformed) || selected != nil {
				t.Errorf("%q: %v, %v", value, names(selected), err)
			}
			return
		}
		again, err := Select(o, selected)
		if err != nil || !slices.Equal(names(again), names(selected)) {
			t.Errorf("%q selects %v, and of these %v, %v", value, names(selected), names(again), err)
		}
	})
}
