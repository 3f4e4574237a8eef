//go:build integration

package admission_test

import (
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

// federation is a federation API with its policies.
type federation struct {
	server *apiserver.Server
	client dynamic.Interface
}

func TestIntegrationPolicies(t *testing.T) {
	f := start(t)
	t.Run("what is federated", func(t *testing.T) { testFederated(t, f) })
	t.Run("ways to create", func(t *testing.T) { testWaysToCreate(t, f) })
	t.Run("life", func(t *testing.T) { testLife(t, f) })
	t.Run("orphans", func(t *testing.T) { testOrphans(t, f) })
	t.Run("what holds objects is emptied first", func(t *testing.T) { testEmptyFirst(t, f) })
	t.Run("definitions and their kinds", func(t *testing.T) { testCustomKinds(t, f) })
	t.Run("nothing gets by while the API server starts", func(t *testing.T) { testRestart(t, f) })
	t.Run("the role for custom kinds", func(t *testing.T) { testRole(t, f) })
}

// start returns when the policies take effect.
func start(t *testing.T) *federation {
	t.Helper()
	server := apiserver.Start(t)
	client, err := dynamic.NewForConfig(server.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	fedapi.Bootstrap(t, server)
	f := &federation{server: server, client: client}
	eventually.Do(t, 30*time.Second, "the policies to take effect", func() error {
		probe := &unstructured.Unstructured{}
		probe.SetAPIVersion("v1")
		probe.SetKind("ConfigMap")
		probe.SetGenerateName("probe-")
		if made := f.create(t, probe); len(made.GetFinalizers()) == 0 {
			return errors.New("an object has no finalizer")
		}
		return nil
	})
	return f
}
