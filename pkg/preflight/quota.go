package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// footprint is about what a federation of the default size counts as, hook pods included.
var footprint = map[corev1.ResourceName]int64{
	corev1.ResourcePods:                   4,
	corev1.ResourceServices:               4,
	corev1.ResourceSecrets:                14,
	corev1.ResourcePersistentVolumeClaims: 1,
	"count/pods":                          4,
	"count/services":                      4,
	"count/secrets":                       14,
	"count/persistentvolumeclaims":        1,
	"count/deployments.apps":              2,
	"count/statefulsets.apps":             1,
	"count/cronjobs.batch":                1,
	"count/jobs.batch":                    1,
}

// quota warns, and only warns: the numbers are estimates, and quotas may be scoped to other pods.
func (o InitOptions) quota(ctx context.Context) error {
	list, err := o.Client.CoreV1().ResourceQuotas(o.Namespace).List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return nil
	}
	installed, err := o.Client.AppsV1().Deployments(o.Namespace).List(ctx, metav1.ListOptions{LabelSelector: instanceLabel + "=" + o.Name})
	if err != nil {
		return err
	}
	if len(installed.Items) > 0 {
		return nil // most of it is counted already
	}
	var short []string
	for _, q := range list.Items {
		for name, need := range o.needs() {
			hard, limited := q.Status.Hard[name]
			if !limited {
				continue
			}
			left := hard.DeepCopy()
			left.Sub(q.Status.Used[name])
			if left.Cmp(need) < 0 {
				short = append(short, fmt.Sprintf("%s: %s left, about %s needed (quota %q)", name, left.String(), need.String(), q.Name))
			}
		}
	}
	if len(short) == 0 {
		return nil
	}
	slices.Sort(short)
	return &Problem{
		Warning: true,
		Reason:  fmt.Sprintf("namespace %q has little room: %s", o.Namespace, strings.Join(short, "; ")),
		WayOut:  "raise the quota, or choose another namespace with --federation-system-namespace",
	}
}

func (o InitOptions) needs() map[corev1.ResourceName]resource.Quantity {
	needs := map[corev1.ResourceName]resource.Quantity{}
	for name, n := range footprint {
		needs[name] = *resource.NewQuantity(n, resource.DecimalSI)
	}
	switch o.ServiceType {
	case corev1.ServiceTypeLoadBalancer:
		needs[corev1.ResourceServicesLoadBalancers] = resource.MustParse("1")
		needs[corev1.ResourceServicesNodePorts] = resource.MustParse("1")
	case corev1.ServiceTypeNodePort:
		needs[corev1.ResourceServicesNodePorts] = resource.MustParse("1")
	default: // takes nothing that a quota counts
	}
	if !o.Persistence || o.ExistingClaim != "" {
		delete(needs, corev1.ResourcePersistentVolumeClaims)
		delete(needs, "count/persistentvolumeclaims")
	} else if size, err := resource.ParseQuantity(o.Capacity); err == nil {
		needs[corev1.ResourceRequestsStorage] = size
	}
	return needs
}
