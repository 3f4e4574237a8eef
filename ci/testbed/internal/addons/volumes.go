package addons

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/manifest"
)

// The annotations by which Kubernetes' controllers and a provisioner understand each other.
const (
	provisionFor  = "volume.kubernetes.io/storage-provisioner"
	provisionedBy = "pv.kubernetes.io/provisioned-by"
)

// provisioner makes volumes of type local: directories. Unlike hostPath ones they get a pod's fsGroup.
type provisioner struct {
	client  kubernetes.Interface
	dir     string
	nodes   corelisters.NodeLister
	claims  corelisters.PersistentVolumeClaimLister
	volumes corelisters.PersistentVolumeLister
	classes storagelisters.StorageClassLister
}

// provision makes the volume of a claim that waits for one of ours.
func (p *provisioner) provision(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	claim, err := p.claims.PersistentVolumeClaims(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	// Kubernetes' own controller says when a claim is to get its volume: at once, or when its pod has a node.
	if err != nil || claim.Annotations[provisionFor] != manifest.Provisioner ||
		claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil {
		return err
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	if err != nil {
		return err
	}
	volume := "pvc-" + string(claim.UID)
	if _, err := p.volumes.Get(volume); err == nil {
		return nil // made, not bound yet
	}
	path := filepath.Join(p.dir, volume)
	if err := os.MkdirAll(path, 0o750); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o777); err != nil { //nolint:gosec // pods of any user, without an fsGroup too, write here
		return err
	}
	nodes, err := p.nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, p.volume(volume, path, claim, class, nodes), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create volume: %w", err)
	}
	return nil
}

func (p *provisioner) volume(
	name, path string, claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, nodes []*corev1.Node,
) *corev1.PersistentVolume {
	reclaim := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		reclaim = *class.ReclaimPolicy
	}
	modes := claim.Spec.AccessModes
	if len(modes) == 0 {
		modes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: manifest.Provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   modes,
			PersistentVolumeReclaimPolicy: reclaim,
			StorageClassName:              class.Name,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name,
				UID: claim.UID, ResourceVersion: claim.ResourceVersion,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity:           &corev1.VolumeNodeAffinity{Required: affinity(nodes)},
		},
	}
}

// affinity ties a volume to the nodes there are: all are this machine.
func affinity(nodes []*corev1.Node) *corev1.NodeSelector {
	names := make([]string, 0, len(nodes))
	for _, n := range nodes {
		names = append(names, n.Labels[corev1.LabelHostname])
	}
	slices.Sort(names)
	need := corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: names}
	if len(names) == 0 { // claimed before the first node has registered
		need = corev1.NodeSelectorRequirement{Key: corev1.LabelOSStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"linux"}}
	}
	return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{need}}}}
}

// reclaim deletes a released volume and its directory.
func (p *provisioner) reclaim(ctx context.Context, key string) error {
	v, err := p.volumes.Get(key)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || v.Annotations[provisionedBy] != manifest.Provisioner || v.Spec.Local == nil ||
		v.Status.Phase != corev1.VolumeReleased || v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return err
	}
	if filepath.Dir(v.Spec.Local.Path) != filepath.Clean(p.dir) { // an object is no reason to delete a foreign directory
		return fmt.Errorf("its directory %s is not one of ours", v.Spec.Local.Path)
	}
	if err := os.RemoveAll(v.Spec.Local.Path); err != nil {
		return err
	}
	err = p.client.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete volume: %w", err)
	}
	return nil
}
