package servicedns

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func zoneOf(name string, names int32) *fedv1beta1.DNSZone {
	return &fedv1beta1.DNSZone{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: fedv1beta1.DNSZoneSpec{Provider: "rfc2136", Zone: name + "."},
		Status: fedv1beta1.DNSZoneStatus{Names: names},
	}
}

// swept returns Services web-0, which was published, and web-1, which has a condition and an annotation of somebody else's, after Sweep; and what
// this has logged. The federation API refuses the first writes.
func swept(t *testing.T, refused int, zones ...client.Object) (services []corev1.Service, left int, logged string) {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := fedv1beta1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	live := fakeclient.NewClientBuilder().WithScheme(scheme).WithObjects(zones...).Build()
	ours, other := numbered(0, false), numbered(1, false)
	other.Annotations, other.Status.Conditions = map[string]string{"a": "b"}, []metav1.Condition{{Type: "LoadBalanced"}}
	ours.Annotations["a"] = "b"
	ours.Status.Conditions = append(ours.Status.Conditions, other.Status.Conditions...)
	api := fake.NewClientset(ours, other)
	api.PrependReactor("patch", "services", func(clienttesting.Action) (bool, runtime.Object, error) {
		refused--
		return refused >= 0, nil, errors.New("not now")
	})
	var log strings.Builder
	logger := funcr.New(func(_, args string) { log.WriteString(args + "\n") }, funcr.Options{})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(ctrl.LoggerInto(t.Context(), logger), time.Hour)
		defer cancel()
		Sweep(ctx, api.CoreV1(), live, live)
		if ctx.Err() != nil {
			t.Error("it does not end")
		}
	})
	list, err := api.CoreV1().Services("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var zonesLeft fedv1beta1.DNSZoneList
	if err := live.List(t.Context(), &zonesLeft); err != nil {
		t.Fatal(err)
	}
	return list.Items, len(zonesLeft.Items), log.String()
}

func TestSweep(t *testing.T) {
	services, left, logged := swept(t, 1, zoneOf("example.com", 7), zoneOf("example.net", 0))
	if left != 0 {
		t.Errorf("%d DNSZones are left", left)
	}
	for _, s := range services {
		if len(s.Annotations) != 1 || s.Annotations["a"] != "b" || len(s.Status.Conditions) != 1 || s.Status.Conditions[0].Type != "LoadBalanced" {
			t.Errorf("Service %s has %v, %v; want what is others' alone", s.Name, s.Annotations, s.Status.Conditions)
		}
	}
	if strings.Count(logged, `"zone"="example.com." "provider"="rfc2136" "names"=7`) != 1 || strings.Contains(logged, "example.net") {
		t.Errorf("logged %s, want that example.com has records, once, and nothing of example.net", logged)
	}
}

func TestSweepOfAFederationThatHadNoDNS(t *testing.T) {
	services, _, logged := swept(t, 0)
	if len(services[0].Annotations) != 2 || logged != "" {
		t.Errorf("Services were changed, or looked at, though there never was a zone; logged %s", logged)
	}
}
