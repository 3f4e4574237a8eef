package memberdns

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// hastenAnnotation is on the pods of the cluster's DNS while a change is on its way to them.
const hastenAnnotation = "federation.fedhelm.io/configured"

// hasten makes the kubelets bring a changed ConfigMap at once instead of after up to a minute: they look at a pod's
// ConfigMaps whenever the pod changes. Where that is not allowed it just takes longer. What is returned takes the
// annotation off again, which hastens once more: call it at the end, or when the change was undone.
func (o Options) hasten(ctx context.Context, s Server) (end func()) {
	o.annotate(ctx, s, fmt.Sprintf("%q", time.Now().UTC().Format(time.RFC3339)))
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		o.annotate(ctx, s, "null")
	}
}

func (o Options) annotate(ctx context.Context, s Server, value string) {
	pods, err := podsOf(ctx, o.Client, metav1.NamespaceSystem, s.selector)
	if err != nil {
		return
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%s}}}`, hastenAnnotation, value)
	for _, p := range pods {
		_, err := o.Client.CoreV1().Pods(p.Namespace).Patch(ctx, p.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
		if err != nil {
			continue // it is a courtesy, and the pod may be gone
		}
	}
}
