package diagnosis

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	missingSecret = regexp.MustCompile(`secrets? "([^"]+)" not found`)
	unboundClaims = regexp.MustCompile(`unbound immediate PersistentVolumeClaims|waiting for|didn't find available persistent volumes`)
)

// pods finds what keeps pods that exist from being ready.
func (s *snapshot) pods(ctx context.Context, r *Report) {
	for _, p := range s.podList {
		if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || ready(p) {
			continue
		}
		if p.Labels[batchv1.JobNameLabel] != "" && p.Status.Phase == corev1.PodFailed {
			continue // its Job tells
		}
		if !s.pod(ctx, r, p) {
			r.wait("pod "+p.Name, s.activity(p))
		}
	}
}

// pod adds what is wrong with one pod and reports whether anything is.
func (s *snapshot) pod(ctx context.Context, r *Report, p corev1.Pod) bool {
	base := Finding{Object: "pod " + p.Name, component: p.Labels[componentLabel]}
	if p.Status.Phase == corev1.PodFailed {
		base.rank, base.Reason = crashing, "ended: "+oneLine(p.Status.Reason+" "+p.Status.Message)
		r.add(base)
		return true
	}
	if c := condition(p, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
		return s.unschedulable(r, base, p, c.Message)
	}
	if f, found := s.containers(ctx, base, p); found {
		r.add(f)
		return true
	}
	return s.mounts(ctx, r, base, p)
}

// containers finds what keeps the others from running, if several have something: a container may lack what one before it brings.
func (s *snapshot) containers(ctx context.Context, base Finding, p corev1.Pod) (worst Finding, any bool) {
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if f, found := s.container(ctx, base, p, c); found && (!any || f.rank < worst.rank) {
			worst, any = f, true
		}
	}
	return worst, any
}

func (s *snapshot) unschedulable(r *Report, f Finding, p corev1.Pod, message string) bool {
	for _, v := range p.Spec.Volumes {
		if v.PersistentVolumeClaim != nil && s.brokenClaims[v.PersistentVolumeClaim.ClaimName] {
			return false // the claim tells more
		}
	}
	if unboundClaims.MatchString(message) && !strings.Contains(message, "Insufficient") {
		return false // it will be scheduled once its volume is there
	}
	f.rank, f.Reason, f.Details = notScheduled, "no node can take it: "+oneLine(message), []string{oneLine(message)}
	switch {
	case strings.Contains(message, "persistentvolumeclaim"):
		f.Reason, f.WayOut = oneLine(message), "make the claim, or choose another with --etcd-existing-claim"
	case strings.Contains(message, "Insufficient"):
		f.WayOut = "add a node, or ask for less with resources in a values file (--values)"
	case strings.Contains(message, "affinity") || strings.Contains(message, "selector"):
		f.WayOut = "correct --node-selector (or affinity in the values), or label a node"
	case strings.Contains(message, "taint"):
		f.WayOut = "see that the nodes are Ready, or set tolerations in a values file (--values)"
	}
	r.add(f)
	return true
}

// mounts finds volumes that cannot be mounted and sandboxes that cannot be made.
func (s *snapshot) mounts(ctx context.Context, r *Report, f Finding, p corev1.Pod) bool {
	if started(p) {
		return false
	}
	e := s.event(p.UID, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")
	if e == nil {
		return false
	}
	f.rank, f.Details = notMounted, []string{oneLine(e.Message)}
	if m := missingSecret.FindStringSubmatch(e.Message); m != nil {
		if s.exists(ctx, m[1]) {
			return false // it has come since; the kubelet tries again within two minutes
		}
		f.Reason = "Secret " + m[1] + " is missing"
		f.WayOut = s.maker(m[1])
	} else if e.Reason == "FailedCreatePodSandBox" {
		f.Reason, f.WayOut = "the node cannot start it: "+oneLine(e.Message), "see the network plug-in and the container runtime of its node"
	} else {
		f.Reason = "a volume cannot be mounted: " + oneLine(e.Message)
	}
	r.add(f)
	return true
}

func (s *snapshot) exists(ctx context.Context, secret string) bool {
	_, err := s.client.CoreV1().Secrets(s.namespace).Get(ctx, secret, metav1.GetOptions{})
	return !apierrors.IsNotFound(err)
}

// maker says who should have made a Secret of the release.
func (s *snapshot) maker(secret string) string {
	suffix, ours := strings.CutPrefix(secret, s.release+"-")
	switch {
	case ours && suffix == "dns-provider":
		return "it is made by fedhelm init --dns-provider-config=FILE, or by you"
	case ours && suffix == "kubeconfig":
		return "hook publish makes it: run the command again"
	case ours && (strings.HasSuffix(suffix, "certs") || suffix == "ca" || strings.HasPrefix(suffix, "auth-")):
		return "hook pki makes it (or you, with controlPlane.pki.create=false): run the command again"
	}
	return "make it, or take it out of the values"
}

// activity says what a pod with nothing wrong does.
func (s *snapshot) activity(p corev1.Pod) string {
	if e := s.newestOf(p); e != nil && e.Reason == "Pulling" {
		return oneLine(strings.Replace(e.Message, "Pulling", "pulling", 1))
	}
	if !started(p) {
		if p.Spec.NodeName == "" {
			return "not scheduled to a node yet"
		}
		return "containers are being created"
	}
	for _, c := range p.Status.InitContainerStatuses {
		if c.State.Running != nil && (c.Started == nil || !*c.Started || !sidecar(p, c.Name)) {
			return fmt.Sprintf("init container %s is at work", c.Name)
		}
	}
	var waiting []string
	for _, c := range p.Status.ContainerStatuses {
		if !c.Ready {
			waiting = append(waiting, c.Name)
		}
	}
	return "not ready yet: " + strings.Join(waiting, ", ")
}

func (s *snapshot) newestOf(p corev1.Pod) *corev1.Event {
	if es := s.events[p.UID]; len(es) > 0 {
		return &es[0]
	}
	return nil
}

func sidecar(p corev1.Pod, container string) bool {
	return slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == container && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

func started(p corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses), func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil || c.State.Terminated != nil || c.RestartCount > 0
	})
}

func ready(p corev1.Pod) bool {
	c := condition(p, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

func condition(p corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i, c := range p.Status.Conditions {
		if c.Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}
