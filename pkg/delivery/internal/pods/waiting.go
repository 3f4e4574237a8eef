package pods

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

// longest is the length of what is said, in bytes.
const longest = 200

// pod is what is read of a pod.
type pod struct {
	Metadata struct{ DeletionTimestamp *metav1.Time }
	Status   struct {
		Phase                 corev1.PodPhase
		Reason                string
		Conditions            []corev1.PodCondition
		InitContainerStatuses []corev1.ContainerStatus
		ContainerStatuses     []corev1.ContainerStatus
	}
}

// sum counts what pods wait for, and says the most frequent first.
func sum(pods []pod, now time.Time) (unschedulable int32, waiting string) {
	counts := map[string]int{}
	for i := range pods {
		p := &pods[i]
		if p.Metadata.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded {
			continue
		}
		if c := p.condition(corev1.PodScheduled); c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable &&
			now.Sub(c.LastTransitionTime.Time) > patience {
			unschedulable++
		}
		if reason := p.waitsFor(); reason != "" {
			counts[printable.Line(reason, longest)]++
		}
	}
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	said := make([]string, 0, len(reasons))
	for _, r := range reasons {
		noun := "pods"
		if counts[r] == 1 {
			noun = "pod"
		}
		said = append(said, fmt.Sprintf("%d %s: %s", counts[r], noun, r))
	}
	return unschedulable, printable.Line(strings.Join(said, "; "), longest)
}

// condition returns the condition of that type; the zero one if there is none.
func (p *pod) condition(t corev1.PodConditionType) corev1.PodCondition {
	for _, c := range p.Status.Conditions {
		if c.Type == t {
			return c
		}
	}
	return corev1.PodCondition{}
}

// waitsFor says what a pod waits for; empty if it is ready. While it goes on trying the same it is the same, so that whoever follows it
// does not see it change all the time.
func (p *pod) waitsFor() string {
	if p.condition(corev1.PodReady).Status == corev1.ConditionTrue {
		return ""
	}
	if p.Status.Phase == corev1.PodFailed {
		return cmp.Or(p.Status.Reason, "Failed")
	}
	if c := p.condition(corev1.PodScheduled); c.Status != corev1.ConditionTrue && p.Status.Phase != corev1.PodRunning {
		// The scheduler says "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are …": the rest
		// is for its makers.
		message := c.Message
		for _, rest := range []string{" preemption: ", " no new claims to deallocate,"} {
			message, _, _ = strings.Cut(message, rest)
		}
		return cmp.Or(strings.TrimSuffix(message, "."), c.Reason, "not scheduled yet")
	}
	starting := ""
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range list {
			switch reason := trouble(&list[i]); reason {
			case "":
			case "ContainerCreating", "PodInitializing":
				starting = cmp.Or(starting, reason)
			default:
				return reason
			}
		}
	}
	return cmp.Or(starting, "not ready")
}

// trouble says what a container waits for. Messages are left out: they quote commands and arguments.
func trouble(c *corev1.ContainerStatus) string {
	switch {
	case c.State.Waiting != nil && c.State.Waiting.Reason == "ErrImagePull": // the same between two attempts
		return "ImagePullBackOff"
	case c.State.Waiting != nil && c.State.Waiting.Reason == crashLoop:
		return crashed(c.LastTerminationState.Terminated)
	case c.State.Waiting != nil:
		return cmp.Or(c.State.Waiting.Reason, "ContainerCreating")
	case c.State.Terminated != nil && c.State.Terminated.ExitCode != 0:
		return crashed(c.State.Terminated)
	}
	return ""
}

const crashLoop = "CrashLoopBackOff"

func crashed(last *corev1.ContainerStateTerminated) string {
	switch {
	case last == nil:
		return crashLoop
	case last.Reason != "" && last.Reason != "Error":
		return crashLoop + " (" + last.Reason + ")"
	default:
		return fmt.Sprintf("%s (exit code %d)", crashLoop, last.ExitCode)
	}
}
