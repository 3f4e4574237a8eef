package addons

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/manifest"
)

// serve runs the add-ons on a fake API until the test ends, and returns it with the directory of volumes.
func serve(t *testing.T, objects ...runtime.Object) (*fake.Clientset, string) {
	t.Helper()
	client, dir := fake.NewClientset(objects...), t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := Run(ctx, Options{Client: client, Pool: netip.MustParsePrefix("10.0.0.0/30"), Volumes: dir})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the add-ons ended: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return client, dir
}

func eventually(t *testing.T, what string, ok func(context.Context) bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(context.Background(), 10*time.Millisecond, 10*time.Second, true,
		func(ctx context.Context) (bool, error) { return ok(ctx), nil })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func addressOf(ctx context.Context, client *fake.Clientset, name string) netip.Addr {
	s, err := client.CoreV1().Services("default").Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return netip.Addr{}
	}
	return ingress(s)
}

func TestAnAddressThatIsGivenBackGoesToAServiceThatWaits(t *testing.T) {
	client, _ := serve(t)
	ctx := context.Background()
	for _, name := range []string{"a", "b", "c"} {
		if _, err := client.CoreV1().Services("default").Create(ctx, service(name, ""), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "two of three get the pool's two addresses", func(ctx context.Context) bool {
		have := map[netip.Addr]bool{}
		for _, name := range []string{"a", "b", "c"} {
			have[addressOf(ctx, client, name)] = true
		}
		return len(have) == 3 && have[netip.Addr{}]
	})
	var free netip.Addr
	var waits string
	for _, name := range []string{"a", "b", "c"} {
		if a := addressOf(ctx, client, name); !a.IsValid() {
			waits = name
		} else if !free.IsValid() {
			free = a
			if err := client.CoreV1().Services("default").Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if waits == "" {
		t.Fatal("no Service waits")
	}
	eventually(t, waits+" gets "+free.String(), func(ctx context.Context) bool { return addressOf(ctx, client, waits) == free })
}

func storageObjects(provisioner string) []runtime.Object {
	return []runtime.Object{
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard"}, Provisioner: provisioner},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: map[string]string{corev1.LabelHostname: "n1"}}},
	}
}

func claim(provisioner string) *corev1.PersistentVolumeClaim {
	class := "standard"
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "data", UID: "u1", Annotations: map[string]string{provisionFor: provisioner}},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: &class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}
}

func TestAVolumeComesWithItsClaimAndGoesWhenReleased(t *testing.T) {
	client, dir := serve(t, append(storageObjects(manifest.Provisioner), claim(manifest.Provisioner))...)
	ctx := context.Background()
	var volume *corev1.PersistentVolume
	eventually(t, "a volume is made", func(ctx context.Context) (ok bool) {
		var err error
		volume, err = client.CoreV1().PersistentVolumes().Get(ctx, "pvc-u1", metav1.GetOptions{})
		return err == nil
	})
	path := filepath.Join(dir, "pvc-u1")
	if volume.Spec.Local == nil || volume.Spec.Local.Path != path || volume.Spec.ClaimRef.UID != "u1" {
		t.Errorf("volume %+v, want a local one at %s for claim u1", volume.Spec, path)
	}
	if got := volume.Spec.NodeAffinity.Required.NodeSelectorTerms[0].MatchExpressions[0].Values; len(got) != 1 || got[0] != "n1" {
		t.Errorf("volume is on nodes %v", got)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o777 {
		t.Errorf("directory: %v, %v", st, err)
	}
	volume.Status.Phase = corev1.VolumeReleased
	if _, err := client.CoreV1().PersistentVolumes().UpdateStatus(ctx, volume, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "volume and directory are gone", func(ctx context.Context) bool {
		_, err := client.CoreV1().PersistentVolumes().Get(ctx, "pvc-u1", metav1.GetOptions{})
		_, statErr := os.Stat(path)
		return err != nil && os.IsNotExist(statErr)
	})
}

func TestForeignStorageIsLeftAlone(t *testing.T) {
	outside := t.TempDir()
	foreign := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "forged", Annotations: map[string]string{provisionedBy: manifest.Provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: outside}},
		},
		Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeReleased},
	}
	sentinel := service("last", "")
	client, dir := serve(t, append(storageObjects("example.com/other"), claim("example.com/other"), foreign, sentinel)...)
	eventually(t, "the add-ons have started", func(ctx context.Context) bool { return addressOf(ctx, client, "last").IsValid() })
	time.Sleep(100 * time.Millisecond) // and had time to do the wrong thing
	if _, err := client.CoreV1().PersistentVolumes().Get(context.Background(), "forged", metav1.GetOptions{}); err != nil {
		t.Errorf("a volume with a directory that is not ours: %v", err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a directory that is not ours: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("directories %v for a claim of another provisioner, %v", entries, err)
	}
}
