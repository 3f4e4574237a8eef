package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	defaultClass     = "storageclass.kubernetes.io/is-default-class"
	defaultClassBeta = "storageclass.beta.kubernetes.io/is-default-class"
	instanceLabel    = "app.kubernetes.io/instance"
)

func (o InitOptions) storage(ctx context.Context) error {
	if !o.Persistence {
		return nil
	}
	if o.ExistingClaim != "" {
		return o.existingClaim(ctx)
	}
	claims, err := o.Client.CoreV1().PersistentVolumeClaims(o.Namespace).List(ctx,
		metav1.ListOptions{LabelSelector: instanceLabel + "=" + o.Name})
	if err == nil && len(claims.Items) > 0 {
		return nil // the claims of an earlier run are used again, whatever classes there are now
	}
	return o.storageClass(ctx)
}

func (o InitOptions) storageClass(ctx context.Context) error {
	list, err := o.Client.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		return &Problem{Warning: true, Reason: "storage classes may not be listed, so it is not known whether etcd's volume can be provisioned"}
	}
	if err != nil {
		return err
	}
	var names []string
	for _, class := range list.Items {
		if class.Name == o.StorageClass || o.StorageClass == "" && isDefault(class) {
			return nil
		}
		names = append(names, class.Name)
	}
	if o.hasVolume(ctx) {
		return nil
	}
	slices.Sort(names)
	known := "the cluster has none"
	if len(names) > 0 {
		known = "there are: " + strings.Join(names, ", ")
	}
	p := &Problem{
		Reason: fmt.Sprintf("there is no StorageClass %q (%s)", o.StorageClass, known),
		WayOut: "choose one with --etcd-pv-storage-class, a claim of yours with --etcd-existing-claim, " +
			"or, for a trial whose data may be lost, --etcd-persistent-storage=false",
	}
	if o.StorageClass == "" {
		p.Reason = fmt.Sprintf("no StorageClass is the default one (%s)", known)
	}
	return p
}

func isDefault(class storagev1.StorageClass) bool {
	return class.Annotations[defaultClass] == "true" || class.Annotations[defaultClassBeta] == "true"
}

// hasVolume tells whether an administrator made a volume by hand that the claim can bind to.
func (o InitOptions) hasVolume(ctx context.Context) bool {
	list, err := o.Client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return false // not allowed to look, most likely
	}
	return slices.ContainsFunc(list.Items, func(pv corev1.PersistentVolume) bool {
		return pv.Spec.StorageClassName == o.StorageClass && pv.Status.Phase == corev1.VolumeAvailable
	})
}

func (o InitOptions) existingClaim(ctx context.Context) error {
	const flag = "--etcd-existing-claim"
	claim, err := o.Client.CoreV1().PersistentVolumeClaims(o.Namespace).Get(ctx, o.ExistingClaim, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &Problem{
			Reason: fmt.Sprintf("there is no PersistentVolumeClaim %q in namespace %q", o.ExistingClaim, o.Namespace),
			WayOut: fmt.Sprintf("make it first, or leave %s out for a new one", flag),
		}
	}
	if err != nil {
		return err
	}
	switch {
	case claim.DeletionTimestamp != nil:
		return &Problem{Reason: fmt.Sprintf("PersistentVolumeClaim %q is being deleted", claim.Name), WayOut: "choose another with " + flag}
	case claim.Status.Phase == corev1.ClaimLost:
		return &Problem{Reason: fmt.Sprintf("PersistentVolumeClaim %q has lost its volume", claim.Name), WayOut: "restore it, or choose another with " + flag}
	}
	pods, err := o.Client.CoreV1().Pods(o.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if pod.Labels[instanceLabel] != o.Name && mounts(pod, claim.Name) {
			return &Problem{
				Reason: fmt.Sprintf("PersistentVolumeClaim %q is in use by pod %q", claim.Name, pod.Name),
				WayOut: "stop that pod, or choose another claim with " + flag,
			}
		}
	}
	return nil
}

func mounts(pod corev1.Pod, claim string) bool {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return false
	}
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
		return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim
	})
}
