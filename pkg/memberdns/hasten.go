package memberdns

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// hastenAnnotation is on the pods of the cluster's DNS while a change is on its way to them.
const hastenAnnotation = "federation.fedhelm.io/configured"

// hasten makes the kubelets bring a changed ConfigMap at once instead of after up to a minute: they look at a pod's
// ConfigMaps whenever the pod changes. Where that is not allowed it just takes longer. Call settle at the end, and when
// the change was undone: it hastens that as well.
func hasten(ctx context.Context, client kubernetes.Interface, s Server) {
	annotate(ctx, client, s, fmt.Sprintf("%q", time.Now().UTC().Format(time.RFC3339)), func(corev1.Pod) bool { return true })
}

// settle takes the annotation off the pods that have it, also from a run that was killed.
func settle(ctx context.Context, client kubernetes.Interface, s Server) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	annotate(ctx, client, s, "null", func(p corev1.Pod) bool {
		_, there := p.Annotations[hastenAnnotation]
		return there
	})
}

func annotate(ctx context.Context, client kubernetes.Interface, s Server, value string, which func(corev1.Pod) bool) {
	pods, err := podsOf(ctx, client, metav1.NamespaceSystem, s.selector)
	if err != nil {
		return
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%s}}}`, hastenAnnotation, value)
	for _, p := range pods {
		if !which(p) {
			continue
		}
		_, err := client.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
		if err != nil {
			continue // it is a courtesy, and the pod may be gone
		}
	}
}
