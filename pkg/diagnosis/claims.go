package diagnosis

import (
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

var noClass = regexp.MustCompile(`storageclass\.storage\.k8s\.io "([^"]*)" not found`)

const otherStorage = "choose a StorageClass with --etcd-pv-storage-class, a claim of yours with --etcd-existing-claim, " +
	"or, for a trial whose data may be lost, --etcd-persistent-storage=false"

// claims finds volumes that pods of the release wait for in vain.
func (s *snapshot) claims(r *Report) {
	for _, c := range s.claimList {
		if c.Status.Phase == corev1.ClaimBound || !s.uses(c) {
			continue
		}
		object := "claim " + c.Name
		f := Finding{Object: object, rank: notBound, component: "etcd"}
		failed := s.event(c.UID, "ProvisioningFailed", "FailedBinding", "ProvisioningCleanupFailed")
		switch {
		case c.Status.Phase == corev1.ClaimLost:
			f.Reason, f.WayOut = "its volume is gone", "restore the volume, or give another claim with --etcd-existing-claim"
		case failed == nil:
			r.wait(object, s.provisioning(c))
			continue
		case noClass.MatchString(failed.Message):
			f.Reason = "there is no StorageClass " + noClass.FindStringSubmatch(failed.Message)[1]
			f.WayOut = otherStorage
		case failed.Reason == "FailedBinding" && (c.Spec.StorageClassName == nil || *c.Spec.StorageClassName == ""):
			f.Reason = "no StorageClass is the default one and no volume fits"
			f.WayOut = otherStorage
		default:
			f.Reason = "its volume cannot be provisioned: " + oneLine(failed.Message)
			f.WayOut = "see that the provisioner works; or " + otherStorage
		}
		if failed != nil {
			f.Details = []string{oneLine(failed.Message)}
		}
		s.brokenClaims[c.Name] = true
		r.add(f)
	}
}

// provisioning says what a claim waits for that has no failure yet.
func (s *snapshot) provisioning(c corev1.PersistentVolumeClaim) string {
	if e := s.event(c.UID, "ExternalProvisioning", "Provisioning", "WaitForFirstConsumer"); e != nil && e.Reason != "WaitForFirstConsumer" {
		return "its volume is being provisioned"
	}
	return "not bound to a volume yet"
}

// uses tells whether a pod of the release mounts the claim.
func (s *snapshot) uses(c corev1.PersistentVolumeClaim) bool {
	return slices.ContainsFunc(s.podList, func(p corev1.Pod) bool {
		return slices.ContainsFunc(p.Spec.Volumes, func(v corev1.Volume) bool {
			return v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == c.Name
		})
	})
}
