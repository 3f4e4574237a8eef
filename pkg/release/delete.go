package release

import (
	"context"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"
)

// endLimit is how long the pods of deleted Deployments are waited for before etcd goes all the same: a node may be away.
const endLimit = time.Minute

// DeleteWithPropagationPolicy is what Helm calls to uninstall. StatefulSets go last, when the pods of the Deployments have
// ended: an API server that loses its etcd takes all of its grace to end, and asks for the etcd's name until the cluster's
// DNS remembers that there is none, which the next federation of that name would have to wait out.
func (c *kubeClient) DeleteWithPropagationPolicy(resources kube.ResourceList, policy metav1.DeletionPropagation) (*kube.Result, []error) {
	last := resources.Filter(func(r *resource.Info) bool { return r.Mapping.GroupVersionKind.Kind == "StatefulSet" })
	first := resources.Difference(last)
	deployments := deploymentsOf(first)
	if len(deployments) == 0 {
		return c.Client.DeleteWithPropagationPolicy(resources, policy)
	}
	result, errs := c.Client.DeleteWithPropagationPolicy(first, policy)
	if err := c.awaitEnd(deployments); err != nil {
		c.Log("going on before the pods of the Deployments have ended: %v", err)
	}
	if len(last) == 0 {
		return result, errs
	}
	kept, more := c.Client.DeleteWithPropagationPolicy(last, policy)
	if result != nil && kept != nil {
		result.Deleted = append(result.Deleted, kept.Deleted...)
	}
	return result, append(errs, more...)
}

func (c *kubeClient) awaitEnd(deployments []*appsv1.Deployment) error {
	client, err := c.Factory.KubernetesClientSet()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), endLimit) //nolint:forbidigo // Helm hands down no context
	defer cancel()
	return podsEnded(ctx, client, deployments)
}

func deploymentsOf(resources kube.ResourceList) []*appsv1.Deployment {
	var all []*appsv1.Deployment
	for _, r := range resources {
		if d, ok := kube.AsVersioned(r).(*appsv1.Deployment); ok {
			d.Namespace = r.Namespace
			all = append(all, d)
		}
	}
	return all
}

// podsEnded returns when the pods of deleted Deployments are gone.
func podsEnded(ctx context.Context, client kubernetes.Interface, deployments []*appsv1.Deployment) error {
	return wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		for _, d := range deployments {
			pods, err := client.CoreV1().Pods(d.Namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)})
			if err != nil || len(pods.Items) > 0 {
				return false, err
			}
		}
		return true, nil
	})
}
