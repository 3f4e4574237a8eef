package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"helm.sh/helm/v3/pkg/kube"
)

// WatchUntilReady waits for a hook. A Job is done as soon as its pod's container says so in its log, or has ended well: the
// pod's phase, and the Job's condition after it, come two seconds later, and more on a busy node. Failures are left to
// Helm, which waits for the condition.
func (c *kubeClient) WatchUntilReady(resources kube.ResourceList, timeout time.Duration) error {
	if len(resources) != 1 || resources[0].Mapping.GroupVersionKind.Kind != "Job" {
		return c.Client.WatchUntilReady(resources, timeout)
	}
	job := resources[0]
	ended := func(error) {}
	if c.job != nil {
		ended = c.job(job.Name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout) //nolint:forbidigo // Helm hands down a limit, not a context
	defer cancel()
	results := make(chan error, 2)
	go func() { results <- c.Client.WatchUntilReady(resources, timeout) }()
	go func() {
		if err := c.podSucceeded(ctx, job.Namespace, job.Name); err == nil {
			results <- nil
		}
	}()
	err := <-results
	ended(err)
	return err
}

// podSucceeded returns nil when a pod of the Job has said that it is done, or all of its containers have ended well.
func (c *kubeClient) podSucceeded(ctx context.Context, namespace, job string) error {
	client, err := c.Factory.KubernetesClientSet()
	if err != nil {
		return fmt.Errorf("watch the pods of Job %q: %w", job, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	followed := map[types.UID]bool{}
	_, err = watchtools.UntilWithSync(ctx, podsOf(client, namespace, job), &corev1.Pod{}, nil, func(e watch.Event) (bool, error) {
		pod, ok := e.Object.(*corev1.Pod)
		if !ok {
			return false, errors.New("not a pod")
		}
		if speaks(pod) && !followed[pod.UID] {
			followed[pod.UID] = true
			go func() {
				if podSaidDone(ctx, client, namespace, pod.Name) == nil {
					cancel(errSaidDone)
				}
			}()
		}
		return endedWell(pod), nil
	})
	if errors.Is(context.Cause(ctx), errSaidDone) {
		return nil
	}
	return err
}

// errSaidDone ends the watch for a pod that has said in its log that it is done.
var errSaidDone = errors.New("the hook said that it is done")

// endedWell tells whether nothing is left that could make the pod fail.
func endedWell(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Terminated == nil || c.State.Terminated.ExitCode != 0 {
			return false
		}
	}
	return len(pod.Status.ContainerStatuses) == len(pod.Spec.Containers)
}

func podsOf(client kubernetes.Interface, namespace, job string) cache.ListerWatcher {
	pods := client.CoreV1().Pods(namespace)
	selector := "batch.kubernetes.io/job-name=" + job
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = selector
			return pods.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = selector
			return pods.Watch(ctx, o)
		},
	}
}
