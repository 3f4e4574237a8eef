package roster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

type registered struct {
	clusters []fedv1beta1.Cluster
	err      error
}

func (r registered) List(context.Context) (*fedv1beta1.ClusterList, error) {
	return &fedv1beta1.ClusterList{Items: r.clusters}, r.err
}

func secret(name, namespace, federation, cluster string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: namespace,
		Labels: map[string]string{fedv1beta1.LabelFederation: federation, fedv1beta1.LabelCluster: cluster},
	}}
}

func named(name string, conditions ...metav1.Condition) fedv1beta1.Cluster {
	return fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: fedv1beta1.ClusterStatus{Conditions: conditions}}
}

func TestList(t *testing.T) {
	ref := federation.Ref{Name: "fellowship", Namespace: "middle-earth"}
	host := fake.NewClientset(
		secret("fellowship.rohan", "middle-earth", "fellowship", "rohan"),
		secret("fellowship.gondor", "middle-earth", "fellowship", "gondor"),
		secret("11kingdom", "middle-earth", "fellowship", "gondor"),
		secret("mordor", "middle-earth", "nazgul", "mordor"),
		secret("moria", "elsewhere", "fellowship", "moria"),
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "plain", Namespace: "middle-earth"}},
	)
	ready := metav1.Condition{Type: fedv1beta1.ClusterReady, Status: metav1.ConditionTrue}
	down := metav1.Condition{Type: fedv1beta1.ClusterReady, Status: metav1.ConditionFalse}
	leaving := named("shire", ready)
	leaving.Annotations = map[string]string{fedv1beta1.AnnotationLeaving: fedv1beta1.LeavingDelete}
	tests := []struct {
		name     string
		clusters Clusters
		want     []string // NAME STATE SECRETS
		err      string
	}{
		{
			name:     "both sides are put together, sorted by name",
			clusters: registered{clusters: []fedv1beta1.Cluster{named("gondor", ready), named("arnor", down), leaving, named("bree")}},
			want: []string{
				"arnor NotReady []", "bree Joining []", "gondor Ready [11kingdom fellowship.gondor]", "rohan HalfJoined [fellowship.rohan]", "shire Leaving []",
			},
		},
		{
			name: "without the federation API the host cluster is all there is",
			want: []string{"gondor Unknown [11kingdom fellowship.gondor]", "rohan Unknown [fellowship.rohan]"},
		},
		{name: "Clusters that cannot be listed are an error", clusters: registered{err: errors.New("gone")}, err: `list the Clusters of federation "fellowship": gone`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := List(t.Context(), host, ref, tt.clusters)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want an error about %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range list {
				var secrets []string
				for _, s := range list[i].Secrets {
					secrets = append(secrets, s.Name)
				}
				slices.Sort(secrets)
				got = append(got, fmt.Sprintf("%s %s %v", list[i].Name, list[i].State(tt.clusters != nil), secrets))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n  %q\nwant\n  %q", got, tt.want)
			}
		})
	}
}
