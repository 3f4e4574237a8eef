package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// What Find did not find.
var (
	// ErrNone: there is no federation where it was looked for.
	ErrNone = errors.New("there is no federation")
	// ErrSeveral: there are several, and nothing says which one is meant.
	ErrSeveral = errors.New("there are several federations")
)

// Wanted says which federation of a host cluster is meant.
type Wanted struct {
	Name      string // "": the only one there is
	Namespace string // to look in, should listing all namespaces be forbidden
	Only      bool   // look in Namespace and nowhere else
	Context   string // of the host cluster, for messages
}

// Find finds the federation that is meant: by its name or, when the host cluster has just one, by itself. ErrNone and ErrSeveral
// say where it was looked, what is there, and which flag chooses.
func Find(ctx context.Context, client kubernetes.Interface, w Wanted) (Ref, error) {
	place := fmt.Sprintf("in host cluster %q", w.Context)
	var refs []Ref
	err := error(nil)
	if !w.Only {
		refs, err = List(ctx, client)
	}
	if w.Only || apierrors.IsForbidden(err) {
		place = fmt.Sprintf("in namespace %q of host cluster %q", w.Namespace, w.Context)
		refs, err = listIn(ctx, client, w.Namespace)
	}
	if err != nil {
		return Ref{}, err
	}
	matching := slices.DeleteFunc(slices.Clone(refs), func(r Ref) bool { return w.Name != "" && r.Name != w.Name })
	switch {
	case len(matching) == 1:
		return matching[0], nil
	case len(matching) > 1 && w.Name != "":
		return Ref{}, fmt.Errorf("%w named %q %s: %s; choose one with --federation-system-namespace", ErrSeveral, w.Name, place, spelt(matching))
	case len(matching) > 1:
		return Ref{}, fmt.Errorf("%w %s: %s; choose one with --federation (and --federation-system-namespace)", ErrSeveral, place, spelt(matching))
	case len(refs) > 0:
		return Ref{}, fmt.Errorf("%w %q %s, which has: %s; choose one with --federation", ErrNone, w.Name, place, spelt(refs))
	case w.Name != "":
		return Ref{}, fmt.Errorf("%w %q %s; %s", ErrNone, w.Name, place, elsewhere)
	default:
		return Ref{}, fmt.Errorf("%w %s; %s", ErrNone, place, elsewhere)
	}
}

const elsewhere = "look in another with --host-cluster-context or --federation-system-namespace, or set one up with fedhelm init"

func spelt(refs []Ref) string {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = fmt.Sprintf("%s (namespace %s)", r.Name, r.Namespace)
	}
	return strings.Join(names, ", ")
}

// zoneFlags are how the controller manager is told where the federation's names are: the first that it has counts.
var zoneFlags = []string{"--service-dns-suffix=", "--zone-name="}

// Zone is the domain of the federation's names, "" when it has none: its DNS zone, or the suffix in that zone that was
// chosen. It is what its controller manager was told: that holds however the federation was installed, and for values that
// were overridden.
func Zone(ctx context.Context, client kubernetes.Interface, ref Ref) (string, error) {
	pod, err := managerPod(ctx, client, ref)
	if err != nil {
		return "", err
	}
	for _, flag := range zoneFlags {
		if domain := flagOf(pod, flag); domain != "" {
			return strings.TrimSuffix(domain, "."), nil
		}
	}
	return "", nil
}

// managerPod is what the controller manager's pods are made of; empty when it is not up: whoever needs it will find out.
func managerPod(ctx context.Context, client kubernetes.Interface, ref Ref) (corev1.PodSpec, error) {
	manager, err := client.AppsV1().Deployments(ref.Namespace).Get(ctx, ref.ControllerManager(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return corev1.PodSpec{}, nil
	}
	if err != nil {
		return corev1.PodSpec{}, fmt.Errorf("read Deployment %q in namespace %q: %w", ref.ControllerManager(), ref.Namespace, err)
	}
	return manager.Spec.Template.Spec, nil
}

// flagOf is the value of a flag, which is given with its dashes and its sign of equality; "" without one.
func flagOf(pod corev1.PodSpec, flag string) string {
	for _, container := range pod.Containers {
		for _, arg := range container.Args {
			if value, found := strings.CutPrefix(arg, flag); found {
				return value
			}
		}
	}
	return ""
}
