package check

import (
	"errors"
	"net/url"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

func TestFederationAPI(t *testing.T) {
	away := saying{err: &url.Error{Op: "Get", URL: "https://fellowship.example/readyz?verbose", Err: errors.New("connection refused")}}
	service := func(kind corev1.ServiceType) *corev1.Service {
		return &corev1.Service{ObjectMeta: of("apiserver", "fellowship-apiserver"), Spec: corev1.ServiceSpec{Type: kind}}
	}
	tests := []struct {
		name   string
		target func() *Target
		want   expected
	}{
		{name: "it is ready", target: func() *Target { return fellowship() }, want: expected{level: OK, text: "https://fellowship.example and is ready"}},
		{
			name: "it never published its kubeconfig",
			target: func() *Target {
				target := fellowship()
				target.Unusable = federation.ErrNotPublished
				return target
			},
			want: expected{level: Failure, text: "has not published", mend: "fedhelm upgrade fellowship --host-cluster-context=rivendell"},
		},
		{
			name: "one of its own checks fails",
			target: func() *Target {
				target := fellowship()
				target.API.Prober = saying{Answer: Answer{Status: 500, Body: "[+]ping ok\n[-]etcd failed: reason withheld\n[-]shutdown failed\nreadyz check failed\n"}}
				return target
			},
			want: expected{level: Failure, text: "not ready: etcd, shutdown failed", mend: "fedhelm status fellowship"},
		},
		{
			name: "it does not say what is wrong",
			target: func() *Target {
				target := fellowship()
				target.API.Prober = saying{Answer: Answer{Status: 503}}
				return target
			},
			want: expected{level: Failure, text: "HTTP status 503"},
		},
		{
			name: "it does not know the published credentials",
			target: func() *Target {
				target := fellowship()
				target.API.Prober = saying{Answer: Answer{Status: 401}}
				return target
			},
			want: expected{level: Failure, text: `published in Secret "fellowship-kubeconfig"`, mend: "fedhelm upgrade"},
		},
		{
			name: "it cannot be reached from here",
			target: func() *Target {
				target := fellowship(service(corev1.ServiceTypeLoadBalancer))
				target.API.Prober = away
				return target
			},
			want: expected{level: Failure, text: "cannot be reached from this machine: connection refused", mend: "get service fellowship-apiserver"},
		},
		{
			name: "nobody promised that it can be reached from here",
			target: func() *Target {
				target := fellowship(service(corev1.ServiceTypeClusterIP))
				target.API.Prober = away
				return target
			},
			want: expected{level: Skipped, text: "as is to be expected of a Service of type ClusterIP"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, tt.target().apiReady(t.Context()))
		})
	}
}

func TestClustersAreServed(t *testing.T) {
	tests := []struct {
		name string
		has  registered
		want expected
	}{
		{name: "they are", has: registered{clusters: make([]fedv1beta1.Cluster, 2)}, want: expected{level: OK, text: "has 2"}},
		{name: "their definition is missing", has: registered{err: apierrors.NewNotFound(schema.GroupResource{Resource: "clusters"}, "")}, want: expected{level: Failure, text: "does not serve clusters", mend: "logs deployment/fellowship-controller-manager --container=bootstrap"}},
		{name: "they cannot be listed", has: registered{err: errNobody}, want: expected{level: Failure, text: "nobody answers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := fellowship()
			target.Clusters = tt.has
			tt.want.check(t, target.apiClusters(t.Context()))
		})
	}
}

func TestControllerManagerLeads(t *testing.T) {
	lease := func(holder string, renewed time.Time) *coordinationv1.Lease {
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &holder, RenewTime: ptr.To(metav1.NewMicroTime(renewed)), LeaseDurationSeconds: ptr.To[int32](15),
		}}
	}
	const mend = "logs deployment/fellowship-controller-manager --container=controller-manager"
	tests := []struct {
		name  string
		lease *coordinationv1.Lease
		err   error
		want  expected
	}{
		{name: "it does", lease: lease("pod-1_abc", noon.Add(-4*time.Second)), want: expected{level: OK, text: "pod-1 leads, it renewed its Lease 4s ago"}},
		{name: "a clock that is a little ahead does not matter", lease: lease("pod-1_abc", noon.Add(4*time.Second)), want: expected{level: OK, text: "0s ago"}},
		{name: "its last sign of life is old", lease: lease("pod-1_abc", noon.Add(-5*time.Minute)), want: expected{level: Failure, text: "pod-1 renewed its Lease last 5m ago", mend: mend}},
		{name: "it gave the lease up", lease: lease("", noon), want: expected{level: Failure, text: "gave Lease", mend: mend}},
		{name: "it never led", err: apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, leaderLease), want: expected{level: Failure, text: "has ever led", mend: mend}},
		{name: "nobody can tell", err: errNobody, want: expected{level: Failure, text: "nobody answers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, fellowship().leads(tt.lease, tt.err, noon))
		})
	}
}
