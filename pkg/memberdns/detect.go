package memberdns

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

// serviceName is the Service that every cluster's DNS is behind, whatever it is; its pods are in the same namespace.
const serviceName = "kube-dns"

// Server is the DNS server of a cluster, as it is set up.
type Server struct {
	Kind   Kind
	Reason string // why it is None
	Domain string // of the cluster, like "cluster.local"

	// ConfigMap and Key, in namespace kube-system, are where the federation's names go; with kube-dns there may be
	// none yet.
	ConfigMap, Key string
	// Warnings are what its owner should know, as that another tool may write the ConfigMap too.
	Warnings []string

	corefile clusterdns.Corefile
	text     string // of the Corefile
	own      bool   // the ConfigMap is one of additions, and the key ours alone
	byHand   error  // why it is not ours to change; nil: it is
	selector labels.Selector
	port     int // that its pods listen on
}

// String says what it is, and where it is configured.
func (s Server) String() string {
	if s.Kind == None {
		return s.Reason
	}
	return fmt.Sprintf("%s, by key %q of ConfigMap %q", s.Kind, s.Key, metav1.NamespaceSystem+"/"+s.ConfigMap)
}

// Detect finds out which DNS server the cluster has. With Auto a cluster with another one, or with none, is None with
// a reason, not an error; kube-dns or CoreDNS are looked for where asked for. ErrByHand is returned for a CoreDNS of which
// not even the cluster's domain can be told.
func Detect(ctx context.Context, client kubernetes.Interface, wanted Kind) (Server, error) {
	if wanted == None {
		return Server{Kind: None, Reason: "the cluster's DNS is left alone"}, nil
	}
	s, err := detect(ctx, client)
	if err != nil {
		return Server{}, fmt.Errorf("find out which DNS the cluster has: %w", err)
	}
	if wanted != Auto && s.Kind != wanted {
		why := s.Reason
		if s.Kind != None {
			why = fmt.Sprintf("it is %s", s.Kind)
		}
		return Server{}, fmt.Errorf("the cluster's DNS is not %s: %s", wanted, why)
	}
	return s, nil
}

func detect(ctx context.Context, client kubernetes.Interface) (Server, error) {
	service, err := client.CoreV1().Services(metav1.NamespaceSystem).Get(ctx, serviceName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return none(ctx, client)
	}
	if err != nil {
		return Server{}, fmt.Errorf("get Service %q: %w", metav1.NamespaceSystem+"/"+serviceName, err)
	}
	if len(service.Spec.Selector) == 0 {
		return Server{Kind: None, Reason: fmt.Sprintf("Service %q selects no pods: its DNS is elsewhere", metav1.NamespaceSystem+"/"+serviceName)}, nil
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	pods, err := podsOf(ctx, client, metav1.NamespaceSystem, selector)
	if err != nil {
		return Server{}, err
	}
	pod, container, kind := pick(pods)
	switch kind {
	case CoreDNS:
		s, err := coreDNS(ctx, client, pod, container)
		s.selector = selector
		return s, err
	case KubeDNS:
		return kubeDNS(container, selector), nil
	default:
		return Server{Kind: None, Reason: fmt.Sprintf("no pod behind Service %q is one of CoreDNS or kube-dns", metav1.NamespaceSystem+"/"+serviceName)}, nil
	}
}

// none explains a cluster without the Service. OpenShift's DNS is CoreDNS, and its operator writes the Corefile.
func none(ctx context.Context, client kubernetes.Interface) (Server, error) {
	s := Server{Kind: None, Reason: fmt.Sprintf("there is no Service %q", metav1.NamespaceSystem+"/"+serviceName)}
	_, err := client.CoreV1().Services("openshift-dns").Get(ctx, "dns-default", metav1.GetOptions{})
	if err == nil {
		s.Reason = "OpenShift's DNS is set up by its operator: add a server to spec.servers of dns.operator/default"
	}
	return s, nil // whoever may not look there has no OpenShift to set up either
}

// podsOf are the pods that are to run on, by name.
func podsOf(ctx context.Context, client kubernetes.Interface, namespace string, selector labels.Selector) ([]corev1.Pod, error) {
	list, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, fmt.Errorf("list pods %q in namespace %q: %w", selector, namespace, err)
	}
	pods := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
		return p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	})
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return pods, nil
}

// pick returns the first pod with a container of a DNS server that we know.
func pick(pods []corev1.Pod) (corev1.Pod, corev1.Container, Kind) {
	for _, p := range pods {
		for _, c := range p.Spec.Containers {
			switch {
			case strings.Contains(c.Image, "coredns"):
				return p, c, CoreDNS
			case c.Name == "kubedns" || strings.Contains(c.Image, "k8s-dns-kube-dns"):
				return p, c, KubeDNS
			}
		}
	}
	return corev1.Pod{}, corev1.Container{}, None
}

// flag is the value of a container's command-line flag, with one dash or two.
func flag(c corev1.Container, name string) string {
	words := slices.Concat(c.Command, c.Args)
	for i, w := range words {
		bare := strings.TrimPrefix(strings.TrimPrefix(w, "-"), "-")
		if bare == w {
			continue
		}
		if value, ok := strings.CutPrefix(bare, name+"="); ok {
			return value
		}
		if bare == name && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}

func kubeDNS(c corev1.Container, selector labels.Selector) Server {
	domain := strings.TrimSuffix(flag(c, "domain"), ".")
	if domain == "" {
		domain = "cluster.local"
	}
	return Server{
		Kind: KubeDNS, Domain: domain, ConfigMap: kubeDNSConfigMap, Key: federationsKey, selector: selector, port: 53,
	}
}

// byHand is an error that says why, and what is to be done.
func byHand(format string, a ...any) error {
	return fmt.Errorf("%w: %w", ErrByHand, fmt.Errorf(format, a...))
}
