package servicedns

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// clusterOf is a Cluster that has been Ready, or not, since some time before noon.
func clusterOf(name string, ready metav1.ConditionStatus, since time.Duration, annotations ...string) fedv1beta1.Cluster {
	c := fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{}},
		Status:     fedv1beta1.ClusterStatus{Region: "r-" + name, Zones: []string{"z"}, UID: "1"},
	}
	c.Status.Conditions = []metav1.Condition{{Type: fedv1beta1.ClusterReady, Status: ready, LastTransitionTime: metav1.NewTime(noon.Add(-since))}}
	for i := 0; i < len(annotations); i += 2 {
		c.Annotations[annotations[i]] = annotations[i+1]
	}
	return c
}

func TestFleetOf(t *testing.T) {
	now := metav1.NewTime(noon)
	deleted := clusterOf("moria", metav1.ConditionTrue, time.Hour)
	deleted.DeletionTimestamp = &now
	fresh := fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "umbar", CreationTimestamp: metav1.NewTime(noon.Add(-time.Hour))}}
	f, again := fleetOf([]fedv1beta1.Cluster{
		clusterOf("rohan", metav1.ConditionFalse, 2*time.Minute),
		clusterOf("gondor", metav1.ConditionTrue, time.Hour, fedv1beta1.AnnotationDNSDrain, "true", fedv1beta1.AnnotationNodeAddresses, "203.0.113.7, 2001:db8::7"),
		clusterOf("shire", metav1.ConditionUnknown, 30*time.Second, fedv1beta1.AnnotationDNSDrain, "no", fedv1beta1.AnnotationNodeAddresses, "here"),
		clusterOf("bree", metav1.ConditionTrue, time.Hour, fedv1beta1.AnnotationLeaving, fedv1beta1.LeavingKeep),
		fresh, deleted,
	}, grace{time.Minute, 34}, noon)
	want := map[string]member{
		"gondor": {drained: true, nodes: at("203.0.113.7", "2001:db8::7")},
		"rohan":  {away: true},
		"shire":  {problem: `annotation federation.fedhelm.io/node-addresses of the Cluster has "here", which is no address`},
		"umbar":  {},
	}
	if diff := cmp.Diff(want, f.members, cmp.AllowUnexported(member{}), byValue); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	places := []dns.Member{{Name: "gondor", Region: "r-gondor", Zones: []string{"z"}}, {Name: "rohan", Region: "r-rohan", Zones: []string{"z"}}, {Name: "shire", Region: "r-shire", Zones: []string{"z"}}, {Name: "umbar"}}
	if diff := cmp.Diff(places, f.places); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	if want := noon.Add(30 * time.Second); !again.Equal(want) {
		t.Errorf("again at %s, want %s, when shire's grace is over", again, want)
	}
}

func TestFleetOfManyThatAreAwayAtOnce(t *testing.T) {
	f, _ := fleetOf([]fedv1beta1.Cluster{
		clusterOf("bree", metav1.ConditionTrue, time.Hour), clusterOf("gondor", metav1.ConditionFalse, 2*time.Minute), clusterOf("rohan", metav1.ConditionFalse, 2*time.Minute),
	}, grace{time.Minute, 34}, noon)
	for name, m := range f.members {
		if m.away {
			t.Errorf("%s is taken for away, though most are: more likely we are", name)
		}
	}
}

func TestDiffer(t *testing.T) {
	base := func() []fedv1beta1.Cluster {
		return []fedv1beta1.Cluster{clusterOf("gondor", metav1.ConditionTrue, time.Hour), clusterOf("rohan", metav1.ConditionTrue, time.Hour)}
	}
	tests := []struct {
		name   string
		change func([]fedv1beta1.Cluster) []fedv1beta1.Cluster
		names  []string
		places bool
	}{
		{name: "nothing", change: func(c []fedv1beta1.Cluster) []fedv1beta1.Cluster { return c }},
		{name: "an order is nothing", change: func(c []fedv1beta1.Cluster) []fedv1beta1.Cluster { return []fedv1beta1.Cluster{c[1], c[0]} }},
		{name: "a drain is of one member", change: func(c []fedv1beta1.Cluster) []fedv1beta1.Cluster {
			c[1].Annotations[fedv1beta1.AnnotationDNSDrain] = "true"
			return c
		}, names: []string{"rohan"}},
		{name: "addresses are of one member", change: func(c []fedv1beta1.Cluster) []fedv1beta1.Cluster {
			c[0].Annotations[fedv1beta1.AnnotationNodeAddresses] = "192.0.2.1"
			return c
		}, names: []string{"gondor"}},
		{name: "a zone is of all Services", change: func(c []fedv1beta1.Cluster) []fedv1beta1.Cluster {
			c[0].Status.Zones = []string{"z", "y"}
			return c
		}, places: true},
		{name: "so is a member that leaves", change: func(c []fedv1beta1.Cluster) []fedv1beta1.Cluster { return c[:1] }, names: []string{"rohan"}, places: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := fleetOf(base(), grace{time.Minute, 34}, noon)
			now, _ := fleetOf(tt.change(base()), grace{time.Minute, 34}, noon)
			names, places := differ(before, now)
			if diff := cmp.Diff(tt.names, names); diff != "" || places != tt.places {
				t.Errorf("places %t, want %t; members (-want +got):\n%s", places, tt.places, diff)
			}
		})
	}
}
