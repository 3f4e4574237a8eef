package customkinds

import (
	"errors"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

type versions = []apiextensionsv1.CustomResourceDefinitionVersion

func definition(group string, scope apiextensionsv1.ResourceScope, established apiextensionsv1.ConditionStatus, v versions) *apiextensionsv1.CustomResourceDefinition {
	return &apiextensionsv1.CustomResourceDefinition{
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group, Scope: scope, Versions: v,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "rings", Kind: "Ring"},
		},
		Status: apiextensionsv1.CustomResourceDefinitionStatus{Conditions: []apiextensionsv1.CustomResourceDefinitionCondition{
			{Type: apiextensionsv1.NamesAccepted, Status: apiextensionsv1.ConditionTrue},
			{Type: apiextensionsv1.Established, Status: established},
		}},
	}
}

func TestKindOf(t *testing.T) {
	const yes = apiextensionsv1.ConditionTrue
	tests := []struct {
		name       string
		definition *apiextensionsv1.CustomResourceDefinition
		want       kinds.Kind
		problem    string
	}{
		{
			name:       "its version is that which is stored",
			definition: definition("middle.earth", apiextensionsv1.NamespaceScoped, yes, versions{{Name: "v2", Served: true}, {Name: "v1", Served: true, Storage: true}}),
			want:       kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true},
		},
		{
			name: "that which is stored is not served: the one that kubectl prefers",
			definition: definition("middle.earth", apiextensionsv1.ClusterScoped, yes,
				versions{{Name: "v1", Storage: true}, {Name: "v2beta1", Served: true}, {Name: "v2", Served: true}, {Name: "v10alpha1", Served: true}}),
			want: kinds.Kind{Group: "middle.earth", Version: "v2", Resource: "rings", Kind: "Ring"},
		},
		{
			name:       "not before the API serves it",
			definition: definition("middle.earth", apiextensionsv1.NamespaceScoped, apiextensionsv1.ConditionFalse, versions{{Name: "v1", Served: true, Storage: true}}),
			problem:    "not established",
		},
		{
			name:       "not if nothing of it is served",
			definition: definition("middle.earth", apiextensionsv1.NamespaceScoped, yes, versions{{Name: "v1", Storage: true}}),
			problem:    "served",
		},
		{
			name:       "not the federation's own",
			definition: definition("federation.fedhelm.io", apiextensionsv1.ClusterScoped, yes, versions{{Name: "v1beta1", Served: true, Storage: true}}),
			problem:    `"federation.fedhelm.io"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := kindOf(tt.definition)
			if tt.problem != "" {
				if !errors.Is(err, errNoKind) || !strings.Contains(err.Error(), tt.problem) {
					t.Errorf("kindOf = %+v, %v; want %q", got, err, tt.problem)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("kindOf = %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}
