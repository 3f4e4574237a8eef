//go:build integration

package delivery

import (
	"fmt"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

// TestIntegrationJobsOfACronJob has a Job in the member that its own controller has made of a copy: it is not ours to delete, as long as the
// copy is there, and keeps no namespace.
func TestIntegrationJobsOfACronJob(t *testing.T) {
	server := apiserver.StartMember(t)
	config := server.Admin(t)
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	p := &place{world: newWorld(t, config), kube: kube, ns: "derived"}
	const template = `{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"example.com/image"}]}}`
	cronJob := func(schedule string) Key {
		return p.source(fmt.Sprintf(`{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"nightly","namespace":%q},
			"spec":{"schedule":%q,"jobTemplate":{"spec":{"template":%s}}}}`, p.ns, schedule, template))
	}
	p.run()
	ns, k := p.namespace(), cronJob("0 0 * * *")
	owner := p.expect(k, Synced).Copy
	job, err := kube.BatchV1().Jobs(p.ns).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name:            "nightly-1",
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "CronJob", Name: "nightly", UID: owner.UID, Controller: ptr.To(true)}},
		},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "main", Image: "example.com/image"}},
		}}},
	}, metav1.CreateOptions{})
	p.must(err)

	former := Key{Kind: jobsID, Namespace: p.ns, Name: job.Name} // a source that was deleted had the same name
	p.want(former, Wish{Action: Absent})
	p.expect(former, Gone)
	p.end()
	p.run()
	p.expect(cronJob("30 0 * * *"), Synced)
	now, err := kube.BatchV1().Jobs(p.ns).Get(t.Context(), job.Name, metav1.GetOptions{})
	p.must(err)
	if now.ResourceVersion != job.ResourceVersion {
		t.Errorf("the Job of the CronJob was touched: %+v", now)
	}

	p.mu.Lock()
	p.wishes[k] = Wish{Action: Absent} // which nobody has come to yet
	p.mu.Unlock()
	p.want(ns, Wish{Action: Absent})
	p.expect(ns, Terminating)
}
