package release

import (
	"bufio"
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
)

// doneLine is the last line that a hook of ours prints when it has succeeded; nothing but its exit follows.
const doneLine = "done"

// podSaidDone follows the log of a pod, and returns nil when the last word of a hook that succeeded is read. A kubelet looks at
// its containers once a second, and so tells of the hook's end later. Whoever may not read logs learns of it then.
func podSaidDone(ctx context.Context, client kubernetes.Interface, namespace, pod string) error {
	log, err := client.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		return fmt.Errorf("follow the log of pod %q: %w", pod, err)
	}
	defer log.Close()
	return readDone(log)
}

func readDone(log io.Reader) error {
	last := ""
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if last = lines.Text(); last == doneLine {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return fmt.Errorf("the log ends with %q", last)
}

// speaks tells whether the pod has a log of one container, which has begun: the hook's, unless somebody added his own.
func speaks(pod *corev1.Pod) bool {
	return len(pod.Spec.Containers) == 1 && len(pod.Status.ContainerStatuses) == 1 &&
		pod.Status.ContainerStatuses[0].State.Running != nil
}
