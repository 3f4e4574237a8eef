package diagnosis

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// container tells what is wrong with one container of a pod.
func (s *snapshot) container(ctx context.Context, f Finding, p corev1.Pod, c corev1.ContainerStatus) (Finding, bool) {
	w := c.State.Waiting
	if w == nil {
		return s.terminated(ctx, f, p, c)
	}
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed":
		f.rank, f.Reason, f.WayOut = notPulled, "", ""
		s.image(&f, p, c, *w)
		return f, true
	case "CreateContainerConfigError":
		f.rank, f.Details = notMounted, []string{oneLine(w.Message)}
		f.Reason = fmt.Sprintf("container %s cannot be configured: %s", c.Name, oneLine(w.Message))
		if m := missingSecret.FindStringSubmatch(w.Message); m != nil {
			f.Reason, f.WayOut = "Secret "+m[1]+" is missing", s.maker(m[1])
		}
		return f, true
	case "CreateContainerError", "RunContainerError":
		f.rank, f.Details = crashing, []string{oneLine(w.Message)}
		f.Reason = fmt.Sprintf("container %s cannot be started: %s", c.Name, oneLine(w.Message))
		return f, true
	case "CrashLoopBackOff":
		return s.crashed(ctx, f, p, c, c.LastTerminationState.Terminated)
	}
	return f, false
}

// terminated tells of a container that ended, or that runs again but has ended badly time after time.
func (s *snapshot) terminated(ctx context.Context, f Finding, p corev1.Pod, c corev1.ContainerStatus) (Finding, bool) {
	if t := c.State.Terminated; t != nil && t.ExitCode != 0 {
		return s.crashed(ctx, f, p, c, t)
	}
	if t := c.LastTerminationState.Terminated; c.State.Running != nil && !c.Ready && c.RestartCount > 1 && t != nil && t.ExitCode != 0 {
		return s.crashed(ctx, f, p, c, t)
	}
	return f, false
}

func (s *snapshot) crashed(ctx context.Context, f Finding, p corev1.Pod, c corev1.ContainerStatus, end *corev1.ContainerStateTerminated) (Finding, bool) {
	f.rank = crashing
	f.WayOut = fmt.Sprintf("see: kubectl --namespace=%s logs %s --container=%s --previous", s.namespace, p.Name, c.Name)
	what := fmt.Sprintf("container %s crashed", c.Name)
	if c.RestartCount > 1 {
		what += fmt.Sprintf(" %d times", c.RestartCount)
	}
	switch {
	case end == nil:
	case end.Reason == "OOMKilled":
		f.Reason = fmt.Sprintf("container %s needed more memory than its limit", c.Name)
		f.WayOut = "raise resources.limits.memory in a values file (--values)"
		return f, true
	case end.Reason == "StartError", end.Reason == "ContainerCannotRun":
		f.Reason = fmt.Sprintf("container %s cannot be started: %s", c.Name, oneLine(end.Message))
		return f, true
	default:
		what += fmt.Sprintf(" (exit code %d)", end.ExitCode)
	}
	// After a restart the log of interest is that of the instance before.
	line := s.lastLine(ctx, p.Name, c.Name, c.State.Terminated == nil)
	if line != "" {
		what += ": " + line
		f.Details = []string{line}
	}
	f.Reason = what
	return f, true
}

var (
	imageMissing     = regexp.MustCompile(`(?i)not found|manifest unknown|name unknown|does not exist|no match for platform`)
	imageForbidden   = regexp.MustCompile(`(?i)unauthorized|denied|forbidden|authentication required|authorization failed|no basic auth`)
	registryUnheard  = regexp.MustCompile(`(?i)no such host|dial tcp|i/o timeout|connection refused|network is unreachable|TLS handshake|x509:|server misbehaving|EOF`)
	backOffNoMessage = regexp.MustCompile(`^Back-off pulling image "[^"]*"$`)
)

// image says why an image is not there.
func (s *snapshot) image(f *Finding, p corev1.Pod, c corev1.ContainerStatus, w corev1.ContainerStateWaiting) {
	message := w.Message
	if message == "" || backOffNoMessage.MatchString(message) { // kubelets before 1.31 name the cause in an event alone
		for _, e := range s.events[p.UID] {
			if e.Reason == "Failed" && strings.Contains(e.Message, c.Image) && strings.Contains(e.Message, "pull") {
				message = e.Message
				break
			}
		}
	}
	f.Details = []string{oneLine(message)}
	flag := imageFlag(c.Name)
	switch {
	case w.Reason == "InvalidImageName":
		f.Reason, f.WayOut, f.Fatal = fmt.Sprintf("%q is no image name", c.Image), "correct it with "+flag, true
	case w.Reason == "ErrImageNeverPull":
		f.Reason = fmt.Sprintf("image %s is not on the node, and the pull policy is Never", c.Image)
		f.WayOut = "load it onto the node, or choose another --image-pull-policy"
	case imageForbidden.MatchString(message):
		f.Reason = fmt.Sprintf("image %s cannot be pulled: the registry wants credentials, or has no such image", c.Image)
		f.WayOut = "give a Secret with --image-pull-secrets, or choose another image with " + flag
	case registryUnheard.MatchString(message):
		f.Reason = fmt.Sprintf("image %s cannot be pulled: the node does not reach the registry", c.Image)
		f.WayOut = "see the node's network, choose another image with " + flag + ", or a mirror with --set global.image.registry=REGISTRY"
	case imageMissing.MatchString(message):
		f.Reason = fmt.Sprintf("image %s is not found", c.Image)
		f.WayOut = "choose another with " + flag
	default:
		f.Reason = fmt.Sprintf("image %s cannot be pulled: %s", c.Image, oneLine(message))
		f.WayOut = "choose another with " + flag
	}
}

// imageFlag names what sets the image of a container.
func imageFlag(container string) string {
	switch container {
	case "etcd":
		return "--etcd-image"
	case "apiserver":
		return "--set controlPlane.apiServer.image.tag=TAG (or .registry, .repository)"
	case "kube-controller-manager":
		return "--set controlPlane.kubeControllerManager.image.tag=TAG (or .registry, .repository)"
	}
	return "--image"
}
