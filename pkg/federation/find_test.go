package federation

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func apiServerOf(ref Ref) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: ref.APIServer(), Namespace: ref.Namespace, Labels: ref.labels("apiserver")}}
}

func TestFind(t *testing.T) {
	shire, namesake := Ref{Name: "hobbits", Namespace: "shire"}, Ref{Name: "fellowship", Namespace: "elsewhere"}
	tests := []struct {
		name   string
		there  []Ref
		wanted Wanted
		forbid bool // to look into all namespaces
		want   Ref
		is     error
		says   []string
	}{
		{name: "the only one, wherever it is", there: []Ref{shire}, wanted: Wanted{Namespace: "federation-system"}, want: shire},
		{name: "by name", there: []Ref{fellowship, shire}, wanted: Wanted{Name: "hobbits"}, want: shire},
		{name: "by namespace", there: []Ref{fellowship, shire}, wanted: Wanted{Namespace: "shire", Only: true}, want: shire},
		{name: "by name and namespace", there: []Ref{fellowship, namesake}, wanted: Wanted{Name: "fellowship", Namespace: "elsewhere", Only: true}, want: namesake},
		{name: "where one may look", there: []Ref{fellowship, shire}, wanted: Wanted{Namespace: "shire"}, forbid: true, want: shire},
		{name: "several and no choice", there: []Ref{fellowship, shire}, is: ErrSeveral, says: []string{"fellowship (namespace federation-system), hobbits (namespace shire)", "--federation"}},
		{name: "several of one name", there: []Ref{fellowship, namesake}, wanted: Wanted{Name: "fellowship"}, is: ErrSeveral, says: []string{"elsewhere", "--federation-system-namespace"}},
		{name: "none at all", wanted: Wanted{Context: "rivendell"}, is: ErrNone, says: []string{`in host cluster "rivendell"`, "fedhelm init"}},
		{name: "none of that name", there: []Ref{shire}, wanted: Wanted{Name: "orcs"}, is: ErrNone, says: []string{`"orcs"`, "hobbits (namespace shire)"}},
		{name: "none in that namespace", there: []Ref{shire}, wanted: Wanted{Namespace: "mordor", Only: true}, is: ErrNone, says: []string{`in namespace "mordor"`}},
		{name: "none where one may look", there: []Ref{shire}, wanted: Wanted{Namespace: "mordor"}, forbid: true, is: ErrNone, says: []string{`in namespace "mordor"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := fake.NewClientset()
			for _, ref := range tt.there {
				if err := client.Tracker().Add(apiServerOf(ref)); err != nil {
					t.Fatal(err)
				}
			}
			client.PrependReactor("list", "*", func(a clienttesting.Action) (bool, runtime.Object, error) {
				if tt.forbid && a.GetNamespace() == metav1.NamespaceAll {
					return true, nil, apierrors.NewForbidden(a.GetResource().GroupResource(), "", errors.New("no"))
				}
				return false, nil, nil
			})
			got, err := Find(context.Background(), client, tt.wanted)
			if got != tt.want || !errors.Is(err, tt.is) {
				t.Fatalf("Find = %v, %v; want %v, %v", got, err, tt.want, tt.is)
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
		})
	}
}

func TestZone(t *testing.T) {
	manager := func(args ...string) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: fellowship.ControllerManager(), Namespace: fellowship.Namespace},
			Spec:       appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Args: args}}}}},
		}
	}
	tests := []struct {
		name    string
		objects []runtime.Object
		want    string
	}{
		{name: "as the controller manager was told, without the dot at its end", objects: []runtime.Object{manager("--v=2", "--zone-name=example.com.")}, want: "example.com"},
		{name: "a suffix in the zone is what names end with", objects: []runtime.Object{manager("--zone-name=example.com.", "--service-dns-suffix=fed.example.com.")}, want: "fed.example.com"},
		{name: "none when it was told of none", objects: []runtime.Object{manager("--v=2")}},
		{name: "none when it is not there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Zone(context.Background(), fake.NewClientset(tt.objects...), fellowship); err != nil || got != tt.want {
				t.Errorf("Zone = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
