package dnsview

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// world is a federation API with members, zones and Services.
type world struct {
	kube     *fake.Clientset
	clusters []fedv1beta1.Cluster
	zones    []fedv1beta1.DNSZone
	err      error // of every list

	reads  int
	onRead func(reads int) // before every read of all, of which there were so many
}

// middleEarth has gondor and rohan in region west, of which rohan has no zone of its own, mordor in region east, and shire nowhere.
func middleEarth(services ...*corev1.Service) *world {
	objects := make([]runtime.Object, len(services))
	for i := range services {
		objects[i] = services[i]
	}
	return &world{
		kube:     fake.NewClientset(objects...),
		clusters: []fedv1beta1.Cluster{cluster("gondor", "West", "West_A"), cluster("rohan", "West", "west-b", "west-c"), cluster("mordor", "east", "east-a"), cluster("shire", "")},
		zones:    []fedv1beta1.DNSZone{zone("example.com.", 60)},
	}
}

func (w *world) api() API { return API{Kube: w.kube, Clusters: w, Zones: w} }

func (w *world) List(context.Context) (*fedv1beta1.ClusterList, error) {
	return &fedv1beta1.ClusterList{Items: w.clusters}, w.err
}

func (w *world) Annotate(_ context.Context, name, key, value string) (*fedv1beta1.Cluster, error) {
	c := w.cluster(name)
	if c == nil {
		return nil, apierrors.NewNotFound(fedv1beta1.Resource("clusters"), name)
	}
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[key] = value
	if value == "" {
		delete(c.Annotations, key)
	}
	return c, w.err
}

func (w *world) cluster(name string) *fedv1beta1.Cluster {
	for i := range w.clusters {
		if w.clusters[i].Name == name {
			return &w.clusters[i]
		}
	}
	return nil
}

func (w *world) Zones(context.Context) (*fedv1beta1.DNSZoneList, error) {
	if w.reads++; w.onRead != nil {
		w.onRead(w.reads)
	}
	return &fedv1beta1.DNSZoneList{Items: w.zones}, w.err
}

func (w *world) view(t *testing.T) *View {
	t.Helper()
	v, err := Read(t.Context(), w.api(), metav1.NamespaceAll)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func cluster(name, region string, zones ...string) fedv1beta1.Cluster {
	return fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: fedv1beta1.ClusterStatus{Region: region, Zones: zones, UID: types.UID(name + "-uid"), Conditions: []metav1.Condition{
			{Type: fedv1beta1.ClusterReady, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonClusterReady},
		}},
	}
}

func zone(name string, ttl int32) fedv1beta1.DNSZone {
	return fedv1beta1.DNSZone{
		ObjectMeta: metav1.ObjectMeta{Name: bare(name)},
		Spec:       fedv1beta1.DNSZoneSpec{Provider: "coredns", Zone: name, Suffix: name, Federation: "fellowship", TTL: ttl},
		Status: fedv1beta1.DNSZoneStatus{Names: 6, Records: 6, Conditions: []metav1.Condition{
			{Type: fedv1beta1.DNSZoneReady, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonSynced},
		}},
	}
}

// service is shop/web, or whatever it is called, of which the annotation says so much of its members.
func service(name, members string, edits ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), Annotations: map[string]string{fedv1beta1.AnnotationDNS: members}},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
	}
	if members == "" {
		s.Annotations = nil
	}
	says(fedv1beta1.ReasonPublished, "")(s)
	for _, edit := range edits {
		edit(s)
	}
	return s
}

// says sets the condition.
func says(reason, message string) func(*corev1.Service) {
	return func(s *corev1.Service) {
		status := metav1.ConditionFalse
		if reason == fedv1beta1.ReasonPublished {
			status = metav1.ConditionTrue
		}
		s.Status.Conditions = []metav1.Condition{{Type: fedv1beta1.ServiceDNS, Status: status, Reason: reason, Message: message}}
	}
}

func annotated(key, value string) func(*corev1.Service) {
	return func(s *corev1.Service) {
		if s.Annotations == nil {
			s.Annotations = map[string]string{}
		}
		s.Annotations[key] = value
	}
}

const (
	gondorIn  = `"gondor":{"addresses":["203.0.113.7"]}`
	gondorOut = `"gondor":{"addresses":["203.0.113.7"],"out":"NoReadyEndpoints"}`
	rohanOut  = `"rohan":{"out":"NoAddress"}`
	mordorIn  = `"mordor":{"addresses":["198.51.100.9","2001:db8::9"]}`
	shireOut  = `"shire":{"out":"NotPlaced"}`
)

var errAway = errors.New("the API is away")
