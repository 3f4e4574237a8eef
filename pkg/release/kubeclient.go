package release

import (
	"context"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"helm.sh/helm/v3/pkg/kube"
)

// fieldManager is the owner of the fields that Helm writes, whatever the binary is called.
const fieldManager = "fedhelm"

// kubeClient is Helm's client without its waits of seconds: a control plane's hooks alone make a dozen of them.
type kubeClient struct {
	*kube.Client
	job func(name string) (ended func(error)) // may be nil
}

func newKubeClient(getter *getter, namespace string, log func(string, ...any), job func(string) func(error)) *kubeClient {
	kube.ManagedFieldsManager = fieldManager
	client := kube.New(getter)
	client.Namespace = namespace
	client.Log = log
	return &kubeClient{Client: client, job: job}
}

// Build never asks for validation: it would fetch the cluster's whole OpenAPI document, to check a chart whose values
// have a closed schema and whose objects the API server checks anyway.
func (c *kubeClient) Build(reader io.Reader, _ bool) (kube.ResourceList, error) {
	return c.Client.Build(reader, false)
}

// WaitForDelete looks soon and often; Helm's own looks every two seconds.
func (c *kubeClient) WaitForDelete(resources kube.ResourceList, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout) //nolint:forbidigo // Helm hands down a limit, not a context
	defer cancel()
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(context.Context) (bool, error) {
		for _, each := range resources {
			if err := each.Get(); err == nil {
				return false, nil
			} else if !apierrors.IsNotFound(err) {
				return false, err
			}
		}
		return true, nil
	})
}
