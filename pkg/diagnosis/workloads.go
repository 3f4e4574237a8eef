package diagnosis

import (
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// workloads finds pods that cannot even be created.
func (s *snapshot) workloads(r *Report) {
	for _, d := range s.deployments {
		if d.Status.UpdatedReplicas >= wanted(d.Spec.Replicas) {
			continue
		}
		for _, c := range d.Status.Conditions {
			if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
				r.add(refused("deployment "+d.Name, c.Message, d.ObjectMeta))
			}
		}
	}
	for _, st := range s.statefulSets {
		if st.Status.Replicas >= wanted(st.Spec.Replicas) {
			continue
		}
		if e := s.event(st.UID, "FailedCreate"); e != nil {
			r.add(refused("statefulset "+st.Name, e.Message, st.ObjectMeta))
		}
	}
	for _, j := range s.jobList {
		if j.Status.Active+j.Status.Succeeded+j.Status.Failed > 0 || ended(j) {
			continue
		}
		if e := s.event(j.UID, "FailedCreate"); e != nil {
			r.add(refused("job "+j.Name, e.Message, j.ObjectMeta))
		} else {
			r.wait("job "+j.Name, "its pod is about to be created")
		}
	}
}

func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

func ended(j batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if (c.Type == batchv1.JobFailed || c.Type == batchv1.JobComplete) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

var (
	exceededQuota = regexp.MustCompile(`exceeded quota: ([^,]+), (.*)`)
	failedQuota   = regexp.MustCompile(`failed quota: ([^:]+): (must specify .*)`)
	podSecurity   = regexp.MustCompile(`violates PodSecurity "([^"]+)": (.*)`)
	webhook       = regexp.MustCompile(`admission webhook "([^"]+)" denied the request:? ?(.*)`)
)

// refused says why the API server does not let a controller create a pod or a claim.
func refused(object, message string, meta metav1.ObjectMeta) Finding {
	f := Finding{Object: object, Details: []string{oneLine(message)}, rank: notCreated, component: meta.Labels[componentLabel]}
	if m := exceededQuota.FindStringSubmatch(message); m != nil {
		f.Reason = "its pods or claims exceed ResourceQuota " + m[1] + " (" + oneLine(m[2]) + ")"
		f.WayOut = "raise the quota, or choose another namespace with --federation-system-namespace"
	} else if m := failedQuota.FindStringSubmatch(message); m != nil {
		f.Reason = "ResourceQuota " + m[1] + " wants more of its pods: " + oneLine(m[2])
		f.WayOut = "set resources in a values file (--values), make a LimitRange with defaults, or choose another --federation-system-namespace"
		f.Fatal = true
	} else if m := podSecurity.FindStringSubmatch(message); m != nil {
		f.Reason = "its pods violate Pod Security level " + m[1] + ": " + oneLine(m[2])
		f.WayOut = "take changes of podSecurityContext and securityContext out of the values, or label the namespace with a level that allows them"
		f.Fatal = true
	} else if strings.Contains(message, "security context constraint") {
		f.Reason = "no SecurityContextConstraints of this cluster admit its pods"
		f.WayOut = "let OpenShift choose the users: set controlPlane.podSecurityContext.runAsUser, runAsGroup and fsGroup to null with --set"
		f.Fatal = true
	} else if m := webhook.FindStringSubmatch(message); m != nil {
		f.Reason = "admission webhook " + m[1] + " refuses its pods: " + oneLine(m[2])
		f.WayOut = "comply with its policy by a values file (--values), or choose another --federation-system-namespace"
	} else {
		f.Reason = "its pods cannot be created: " + oneLine(message)
		f.Fatal = strings.Contains(message, "is forbidden")
		if strings.Contains(message, "serviceaccount") {
			f.Fatal = false // it may be on its way
			f.WayOut = "its ServiceAccount is missing: run the command again"
		}
	}
	return f
}
