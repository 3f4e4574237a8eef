package federation

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Status is how a federation fares, as its host cluster shows it.
type Status struct {
	Ref
	Ready        bool              `json:"ready"`
	Server       string            `json:"server,omitempty"`  // for users; "" before there is a kubeconfig
	Service      string            `json:"service,omitempty"` // type of the API server's Service
	Workloads    []Workload        `json:"workloads"`
	Pods         []Pod             `json:"pods"`
	Images       map[string]string `json:"images"` // of the containers, by their names
	Certificates []Certificate     `json:"certificates"`
	Members      []string          `json:"members"`
	Claims       []string          `json:"claims,omitempty"`
}

// Pod is one of the federation's.
type Pod struct {
	Name     string    `json:"name"`
	Phase    string    `json:"phase"`
	Ready    int       `json:"ready"` // containers
	Wanted   int       `json:"wanted"`
	Restarts int32     `json:"restarts"`
	Node     string    `json:"node,omitempty"`
	Started  time.Time `json:"started"`
}

// Look gathers the status. What is not there is left out; that is no error. Ready says only that the workloads are: ask
// the API itself whether it answers.
func Look(ctx context.Context, client kubernetes.Interface, ref Ref) (Status, error) {
	s := Status{Ref: ref, Images: map[string]string{}}
	var err error
	if s.Workloads, err = Workloads(ctx, client, ref); err != nil {
		return s, err
	}
	s.Ready = len(s.Workloads) > 0 && !slices.ContainsFunc(s.Workloads, func(w Workload) bool { return !w.Done() })
	if err := s.lookAtPods(ctx, client); err != nil {
		return s, err
	}
	if s.Certificates, err = Certificates(ctx, client, ref); err != nil {
		return s, err
	}
	if s.Members, err = Members(ctx, client, ref); err != nil {
		return s, err
	}
	if s.Claims, err = Claims(ctx, client, ref); err != nil {
		return s, err
	}
	s.Workloads, s.Pods, s.Certificates, s.Members = listed(s.Workloads), listed(s.Pods), listed(s.Certificates), listed(s.Members)
	service, err := client.CoreV1().Services(ref.Namespace).Get(ctx, ref.APIServer(), metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return s, fmt.Errorf("read Service %q in namespace %q: %w", ref.APIServer(), ref.Namespace, err)
	}
	if err == nil {
		s.Service = string(service.Spec.Type)
	}
	return s, nil
}

// listed makes an empty list of none, so that JSON has no null where scripts expect a list.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Found tells whether there is anything of the federation at all.
func (s Status) Found() bool {
	return len(s.Workloads)+len(s.Pods)+len(s.Certificates)+len(s.Members) > 0
}

func (s *Status) lookAtPods(ctx context.Context, client kubernetes.Interface) error {
	pods, err := client.CoreV1().Pods(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: s.selector()})
	if err != nil {
		return fmt.Errorf("list the pods of federation %q: %w", s.Name, err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Status.Phase == corev1.PodSucceeded {
			continue // hooks and renewals that went well
		}
		s.Pods = append(s.Pods, ofPod(pod))
		for name, image := range lasting(pod) {
			s.Images[name] = image
		}
	}
	return nil
}

func ofPod(pod *corev1.Pod) Pod {
	containers := lasting(pod)
	p := Pod{
		Name: pod.Name, Phase: string(pod.Status.Phase), Node: pod.Spec.NodeName,
		Wanted: len(containers), Started: pod.CreationTimestamp.Time,
	}
	if pod.DeletionTimestamp != nil {
		p.Phase = "Terminating"
	}
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if _, lasts := containers[c.Name]; !lasts {
			continue
		}
		p.Restarts += c.RestartCount
		if c.Ready {
			p.Ready++
		}
	}
	return p
}

// lasting are the containers that run as long as the pod does, side-cars too, with their images.
func lasting(pod *corev1.Pod) map[string]string {
	images := map[string]string{}
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			images[c.Name] = c.Image
		}
	}
	for _, c := range pod.Spec.Containers {
		images[c.Name] = c.Image
	}
	return images
}
