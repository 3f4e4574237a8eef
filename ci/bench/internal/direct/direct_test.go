package direct_test

import (
	"net/http"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/ci/bench/internal/direct"
	"github.com/fedhelm/fedhelm/ci/bench/internal/workload"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

func TestApplyPutsAllObjectsIntoAllClusters(t *testing.T) {
	var apis []*fakeapi.API
	var clusters []*rest.Config
	for range 2 {
		api := fakeapi.New(fakeapi.Options{})
		server := fakeapi.Serve(api)
		t.Cleanup(server.Close)
		apis, clusters = append(apis, api), append(clusters, server.Config())
	}
	objects := workload.Set{Prefix: "bench"}.Objects(250)
	took, err := direct.Apply(t.Context(), clusters, objects, 4)
	if err != nil || took <= 0 {
		t.Fatalf("Apply: %s, %v", took, err)
	}
	for i, api := range apis {
		for _, o := range objects {
			if _, ok := api.Get(o.Kind, o.Namespace, o.Name); !ok {
				t.Errorf("cluster %d has no %s %s/%s", i, o.Kind.Kind, o.Namespace, o.Name)
			}
		}
	}
}

func TestApplyEndsWithTheFirstRefusal(t *testing.T) {
	server := fakeapi.Serve(fakeapi.New(fakeapi.Options{Intercept: func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	}}))
	defer server.Close()
	_, err := direct.Apply(t.Context(), []*rest.Config{server.Config()}, workload.Set{Prefix: "bench"}.Objects(10), 2)
	if err == nil || !strings.Contains(err.Error(), "apply Namespace /bench-00000") {
		t.Errorf("Apply: %v", err)
	}
}
