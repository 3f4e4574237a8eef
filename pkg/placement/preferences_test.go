package placement

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestPreferencesOf(t *testing.T) {
	tests := []struct {
		name, value string
		want        Preferences
	}{
		{"all fields", `{"rebalance":true,"clusters":{"gondor":{"minReplicas":1,"maxReplicas":5,"weight":3},"*":{"weight":1}}}`,
			prefer(true, map[string]Preference{"gondor": {Min: 1, Max: limit(5), Weight: 3}, "*": {Weight: 1}})},
		{"defaults", `{"clusters":{"gondor":{}}}`, prefer(false, map[string]Preference{"gondor": {}})},
		{"null is no maximum", `{"clusters":{"gondor":{"maxReplicas":null}}}`, prefer(false, map[string]Preference{"gondor": {}})},
		{"a maximum of 0 is one", `{"clusters":{"gondor":{"maxReplicas":0}}}`, prefer(false, map[string]Preference{"gondor": {Max: limit(0)}})},
		{"nothing about clusters", `{"rebalance":true}`, even()},
		{"no cluster", `{"clusters":{}}`, prefer(false, map[string]Preference{})},
		{"the case of field names is irrelevant", `{"Rebalance":true,"CLUSTERS":{"gondor":{"MinReplicas":1,"MAXREPLICAS":5,"Weight":3}}}`,
			prefer(true, map[string]Preference{"gondor": {Min: 1, Max: limit(5), Weight: 3}})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := PreferencesOf(annotated(fedv1beta1.AnnotationV1JobPreferences, tt.value), fedv1beta1.AnnotationV1JobPreferences)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("no annotation", func(t *testing.T) {
		got, err := PreferencesOf(&metav1.ObjectMeta{Name: "web"}, fedv1beta1.AnnotationV1DeploymentPreferences)
		if diff := cmp.Diff(DefaultPreferences(), got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	t.Run("the annotation of another kind", func(t *testing.T) {
		got, err := PreferencesOf(annotated(fedv1beta1.AnnotationV1JobPreferences, "?"), fedv1beta1.AnnotationV1ReplicaSetPreferences)
		if diff := cmp.Diff(DefaultPreferences(), got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func TestPreferencesOfRefusesMalformedOnes(t *testing.T) {
	tests := []struct {
		name, value string
		want        []string
	}{
		{"nothing", ` `, []string{"empty or ends too early"}},
		{"null", `null`, []string{"the value is null"}},
		{"no object", `[]`, []string{"cannot be a array"}},
		{"a field that is not known", `{"clusters":{"a":{"wieght":1}}}`, []string{`unknown field "wieght"`}},
		{"a field of the old name", `{"Clusters":{"a":{"hardMaxReplicas":1}}}`, []string{`unknown field "hardMaxReplicas"`}},
		{"a cluster that comes twice", `{"clusters":{"a":{"weight":1},"a":{"weight":2}}}`, []string{`"a" is there twice`}},
		{"something after it", `{}}`, []string{"something follows the JSON value"}},
		{"a number that is text", `{"clusters":{"a":{"weight":"1"}}}`, []string{"clusters.weight cannot be a string"}},
		{"half a replica", `{"clusters":{"a":{"minReplicas":0.5}}}`, []string{"clusters.minReplicas cannot be a number 0.5"}},
		{"a negative minimum", `{"clusters":{"a":{"minReplicas":-1}}}`, []string{"clusters.a.minReplicas is -1, which is not between 0 and 2147483647"}},
		{"a negative maximum", `{"clusters":{"a":{"maxReplicas":-1}}}`, []string{"clusters.a.maxReplicas is -1"}},
		{"a negative weight", `{"clusters":{"*":{"weight":-1}}}`, []string{"clusters.*.weight is -1"}},
		{"a weight that is too large", `{"clusters":{"a":{"weight":2147483648}}}`, []string{"clusters.a.weight is 2147483648"}},
		{"a minimum above the maximum", `{"clusters":{"a":{"minReplicas":3,"maxReplicas":2}}}`, []string{"clusters.a.minReplicas is 3, more than its maxReplicas 2"}},
		{"all that is wrong, at once", `{"clusters":{"b":{"weight":-1},"a":{"minReplicas":-2}}}`, []string{"clusters.a.minReplicas is -2", "; clusters.b.weight is -1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := PreferencesOf(annotated(fedv1beta1.AnnotationV1DeploymentPreferences, tt.value), fedv1beta1.AnnotationV1DeploymentPreferences)
			if !errors.Is(err, ErrMalformed) || got.Clusters != nil {
				t.Fatalf("PreferencesOf = %v, %v, want none and ErrMalformed", got, err)
			}
			for _, want := range append(tt.want, fedv1beta1.AnnotationV1DeploymentPreferences, `"shop/web"`, "for example: "+preferencesExample) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func FuzzPreferences(f *testing.F) {
	for _, seed := range []string{"", "{}", "null", preferencesExample, `{"clusters":{"a":{"maxReplicas":0}}}`, `{"clusters":null}`, `{"clusters":{"a":{"weight":1e3}}}`} {
		f.Add(seed, int32(10))
	}
	f.Fuzz(func(t *testing.T, value string, replicas int32) {
		p, err := PreferencesOf(annotated(fedv1beta1.AnnotationV1JobPreferences, value), fedv1beta1.AnnotationV1JobPreferences)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%q: %v", value, err)
			}
			return
		}
		for name, preference := range p.Clusters {
			if preference.Min < 0 || preference.Weight < 0 || preference.Max != nil && *preference.Max < preference.Min {
				t.Errorf("%q: %s has %+v", value, name, preference)
			}
		}
		checkPlan(t, max(replicas, 0), p, running(1, 2, 3))
	})
}
