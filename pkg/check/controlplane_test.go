package check

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

func deployment(ready int32) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: of("apiserver", "fellowship-apiserver"),
		Status:     appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: ready},
	}
}

func TestWorkloads(t *testing.T) {
	stuck := &corev1.Pod{
		ObjectMeta: of("apiserver", "fellowship-apiserver-1"),
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "apiserver", Image: "registry.example/none"}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "apiserver", Image: "registry.example/none", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"}},
		}}},
	}
	scaledDown := &appsv1.StatefulSet{ObjectMeta: of("etcd", "fellowship-etcd"), Spec: appsv1.StatefulSetSpec{Replicas: ptr.To[int32](0)}}
	tests := []struct {
		name    string
		objects []runtime.Object
		want    expected
	}{
		{name: "all are ready", objects: []runtime.Object{deployment(1)}, want: expected{level: OK, text: "fellowship-apiserver"}},
		{name: "one is scaled down", objects: []runtime.Object{deployment(1), scaledDown}, want: expected{level: Failure, text: "StatefulSet fellowship-etcd is scaled down to nothing", mend: "scale statefulset/fellowship-etcd --replicas=1"}},
		{name: "there are none", want: expected{level: Failure, text: `namespace "middle-earth" holds no`, mend: "fedhelm init fellowship --host-cluster-context=rivendell --federation-system-namespace=middle-earth"}},
		{name: "one is not, and nothing says why", objects: []runtime.Object{deployment(0)}, want: expected{level: Failure, text: "0 of 1 ready", mend: "kubectl --context=rivendell --namespace=middle-earth get pods,events"}},
		{name: "one is not, and its pod says why", objects: []runtime.Object{deployment(0), stuck}, want: expected{level: Failure, text: "registry.example/none"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, fellowship(tt.objects...).workloads(t.Context()))
		})
	}
}

func TestRenewal(t *testing.T) {
	cronJob := func(suspended bool) *batchv1.CronJob {
		meta := of("renew", "fellowship-renew")
		meta.UID = "cron"
		return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{Schedule: "7 3 * * *", Suspend: ptr.To(suspended)}}
	}
	job := func(name, owner string, created time.Time, ended batchv1.JobConditionType) *batchv1.Job {
		meta := of("renew", name)
		meta.CreationTimestamp = metav1.NewTime(created)
		meta.OwnerReferences = []metav1.OwnerReference{{Kind: "CronJob", UID: cronJob(false).UID, Controller: ptr.To(true)}}
		if owner != "" {
			meta.OwnerReferences[0].UID = "another"
		}
		return &batchv1.Job{ObjectMeta: meta, Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: ended, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded"}}}}
	}
	authority := &corev1.Secret{ObjectMeta: of("pki", "fellowship-ca")}
	tests := []struct {
		name    string
		objects []runtime.Object
		want    expected
	}{
		{name: "certificates of one's own", want: expected{level: OK, text: "your own"}},
		{name: "nothing renews ours", objects: []runtime.Object{authority}, want: expected{level: Warning, text: `no CronJob "fellowship-renew"`, mend: "--set controlPlane.pki.renewal.enabled=true"}},
		{name: "it has not run yet", objects: []runtime.Object{authority, cronJob(false)}, want: expected{level: OK, text: "has not run yet (7 3 * * *)"}},
		{name: "it is suspended", objects: []runtime.Object{authority, cronJob(true)}, want: expected{level: Warning, text: "suspended", mend: "patch cronjob fellowship-renew"}},
		{
			name: "the last run failed",
			objects: []runtime.Object{
				authority, cronJob(false), job("a", "", noon, batchv1.JobComplete), job("b", "", noon.Add(time.Hour), batchv1.JobFailed),
			},
			want: expected{level: Failure, text: "job b", mend: "logs job/b"},
		},
		{
			name: "one that was run by hand made up for it",
			objects: []runtime.Object{
				authority, cronJob(false), job("a", "", noon, batchv1.JobFailed), job("b", "", noon.Add(time.Hour), batchv1.JobComplete),
			},
			want: expected{level: OK, text: "2026-11-22 13:00 UTC"},
		},
		{
			name:    "a Job of somebody else's does not count",
			objects: []runtime.Object{authority, cronJob(false), job("a", "another", noon, batchv1.JobFailed)},
			want:    expected{level: OK, text: "has not run yet"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, fellowship(tt.objects...).renewal(t.Context()))
		})
	}
	t.Run("it may not be read", func(t *testing.T) {
		target := fellowship()
		target.Host.Client = refuse(cluster("v1.36.3", nil), "get", "cronjobs", errors.New("no"))
		expected{level: Failure, text: `read CronJob "fellowship-renew"`}.check(t, target.renewal(t.Context()))
	})
}

func TestCertificates(t *testing.T) {
	const year = 365 * 24 * time.Hour
	cert := func(key string, issued, left time.Duration) federation.Certificate {
		return federation.Certificate{Secret: "fellowship-apiserver-certs", Key: key, Issued: noon.Add(-issued), Expires: noon.Add(left)}
	}
	const renew = "kubectl --context=rivendell --namespace=middle-earth create job --from=cronjob/fellowship-renew renew-now"
	tests := []struct {
		name string
		have []federation.Certificate
		want expected
	}{
		{name: "there are none", want: expected{level: Failure, text: "no certificates", mend: "fedhelm status fellowship"}},
		{name: "all are good", have: []federation.Certificate{cert("server.crt", year/2, year/2), cert("ca.crt", year, year)}, want: expected{level: OK, text: "2 are valid, the first to expire is fellowship-apiserver-certs/server.crt in 182d"}},
		{name: "a short life with a third left is good", have: []federation.Certificate{cert("server.crt", 8*time.Hour, 4*time.Hour)}, want: expected{level: OK}},
		{name: "less than a sixth is left", have: []federation.Certificate{cert("server.crt", year, year/7), cert("ca.crt", year, year)}, want: expected{level: Warning, text: "1 of 2 certificates should have been renewed and expire soon: fellowship-apiserver-certs/server.crt in 52d", mend: renew}},
		{name: "one has expired", have: []federation.Certificate{cert("server.crt", year, -48*time.Hour), cert("client.crt", year, time.Hour)}, want: expected{level: Failure, text: "1 of 2 certificates have expired: fellowship-apiserver-certs/server.crt since 2026-11-20", mend: renew}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, fellowship().certificates(tt.have, noon))
		})
	}
}
