package publish

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const noLoadBalancer = "for a load balancer to give the API server's Service an address"

// find returns where the Service is reached, or what is still missing.
func (o *Options) find(ctx context.Context) (endpoint, string, error) {
	service, err := o.Services.Get(ctx, o.Service, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return endpoint{}, fmt.Sprintf("for Service %s/%s to exist", o.Namespace, o.Service), nil
	}
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return endpoint{}, "", fmt.Errorf("read service %s/%s: %w", o.Namespace, o.Service, err)
	}
	if err != nil { // the host's API server may be restarting
		return endpoint{}, fmt.Sprintf("for Service %s/%s to be readable: %v", o.Namespace, o.Service, err), nil
	}
	if len(service.Spec.Ports) == 0 {
		return endpoint{}, "", fmt.Errorf("service %s/%s has no port", o.Namespace, o.Service)
	}
	if o.Type == "" {
		o.Type = service.Spec.Type
	}
	port := apiPort(service)
	switch o.Type {
	case corev1.ServiceTypeLoadBalancer:
		given := ingress(service)
		if len(given) == 0 {
			return endpoint{}, noLoadBalancer, nil
		}
		return endpoint{unique(append(slices.Clone(o.Advertise), given...)), port.Port}, "", nil
	case corev1.ServiceTypeNodePort:
		return o.nodePort(ctx, port)
	default:
		return o.clusterIP(service, port)
	}
}

func (o *Options) nodePort(ctx context.Context, port corev1.ServicePort) (endpoint, string, error) {
	if port.NodePort == 0 {
		return endpoint{}, fmt.Sprintf("for Service %s/%s to get a node port", o.Namespace, o.Service), nil
	}
	if len(o.Advertise) > 0 {
		return endpoint{unique(o.Advertise), port.NodePort}, "", nil
	}
	nodes, err := o.Nodes.List(ctx, metav1.ListOptions{})
	if err != nil {
		return endpoint{}, "", fmt.Errorf("list nodes, for their addresses: %w; or name an address with --api-server-advertise-address "+
			"(controlPlane.apiServer.service.advertiseAddresses)", err)
	}
	hosts := nodeAddresses(nodes.Items)
	if len(hosts) == 0 {
		return endpoint{}, "for a node to be Ready and have an address", nil
	}
	return endpoint{hosts, port.NodePort}, "", nil
}

func (o *Options) clusterIP(service *corev1.Service, port corev1.ServicePort) (endpoint, string, error) {
	hosts := slices.Clone(o.Advertise)
	if len(hosts) == 0 {
		for _, ip := range service.Spec.ClusterIPs {
			if ip != "" && ip != corev1.ClusterIPNone {
				hosts = append(hosts, ip)
			}
		}
	}
	if len(hosts) == 0 {
		return endpoint{}, fmt.Sprintf("for Service %s/%s to get a cluster IP", o.Namespace, o.Service), nil
	}
	return endpoint{unique(hosts), port.Port}, "", nil
}

// apiPort is the port named https, else the first one.
func apiPort(service *corev1.Service) corev1.ServicePort {
	for _, p := range service.Spec.Ports {
		if p.Name == "https" {
			return p
		}
	}
	return service.Spec.Ports[0]
}

func ingress(service *corev1.Service) []string {
	var given []string
	for _, in := range service.Status.LoadBalancer.Ingress {
		if host := cmp.Or(in.IP, in.Hostname); host != "" {
			given = append(given, host)
		}
	}
	return given
}

// nodeAddresses returns the external addresses of all Ready nodes, or, when none
// has one, the internal ones; in the order of the nodes' names.
func nodeAddresses(nodes []corev1.Node) []string {
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		var hosts []string
		for _, n := range nodes {
			if !ready(n) {
				continue
			}
			for _, a := range n.Status.Addresses {
				if a.Type == kind && a.Address != "" {
					hosts = append(hosts, a.Address)
				}
			}
		}
		if len(hosts) > 0 {
			return unique(hosts)
		}
	}
	return nil
}

func ready(n corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func unique(hosts []string) []string {
	var out []string
	for _, h := range hosts {
		if !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}
