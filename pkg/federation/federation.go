// Package federation knows what a federation is made of in its host cluster: how to find one, what its objects are called,
// who is at work on it, how it fares, and what it leaves behind. It needs no Helm release: objects that Argo CD or
// kubectl applied are found by their labels all the same.
package federation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
)

// Labels of every object of a federation, and their values.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelComponent = "app.kubernetes.io/component"
	LabelPartOf    = "app.kubernetes.io/part-of"
	LabelManagedBy = "app.kubernetes.io/managed-by"

	AppName       = "federation-control-plane"
	dnsAppName    = "federation-dns" // of the DNS server that may come with it
	PartOf        = "federation"
	ManagedBy     = "fedhelm"         // what this program makes
	ManagedByHook = "federation-hook" // what the hooks make
)

// fieldManager owns the fields that this package applies.
const fieldManager = "fedhelm"

// Ref names a federation in its host cluster.
type Ref struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// APIServer is the name of the API server's Deployment and Service.
func (r Ref) APIServer() string { return r.Name + "-apiserver" }

// ServerName is what the API server's certificate names, at whatever address it is reached.
func (r Ref) ServerName() string { return r.APIServer() + "." + r.Namespace + ".svc" }

// KubeconfigSecret is the name of the Secret with the administrator's kubeconfig, under KubeconfigKey.
func (r Ref) KubeconfigSecret() string { return r.Name + "-kubeconfig" }

// KubeconfigKey is the key in the kubeconfig Secret.
const KubeconfigKey = "kubeconfig"

// selector matches the objects of one federation.
func (r Ref) selector() string {
	return labels.Set{LabelInstance: r.Name, LabelPartOf: PartOf}.String()
}

// labels are those of an object that this program makes for the federation.
func (r Ref) labels(component string) map[string]string {
	return map[string]string{
		LabelName: AppName, LabelInstance: r.Name, LabelComponent: component,
		LabelPartOf: PartOf, LabelManagedBy: ManagedBy,
	}
}

// List finds the federations of the host cluster, in all namespaces, sorted by name: those with an API server, and those
// that an init began and did not end.
func List(ctx context.Context, client kubernetes.Interface) ([]Ref, error) {
	return listIn(ctx, client, metav1.NamespaceAll)
}

func listIn(ctx context.Context, client kubernetes.Interface, namespace string) ([]Ref, error) {
	place := "all namespaces"
	if namespace != metav1.NamespaceAll {
		place = fmt.Sprintf("namespace %q", namespace)
	}
	found := map[Ref]bool{}
	add := func(o metav1.ObjectMeta) {
		if name := o.Labels[LabelInstance]; name != "" {
			found[Ref{Name: name, Namespace: o.Namespace}] = true
		}
	}
	servers, err := client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{LabelName: AppName, LabelComponent: "apiserver"}.String(),
	})
	if err != nil {
		return nil, fmt.Errorf("list the API servers of federations in %s: %w", place, err)
	}
	for i := range servers.Items {
		add(servers.Items[i].ObjectMeta)
	}
	locks, err := client.CoordinationV1().Leases(namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{LabelName: AppName, LabelComponent: lockComponent}.String(),
	})
	if err != nil {
		return nil, fmt.Errorf("list the locks of federations in %s: %w", place, err)
	}
	for i := range locks.Items {
		add(locks.Items[i].ObjectMeta)
	}
	refs := make([]Ref, 0, len(found))
	for ref := range found {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b Ref) int {
		return strings.Compare(a.Name+"/"+a.Namespace, b.Name+"/"+b.Namespace)
	})
	return refs, nil
}
