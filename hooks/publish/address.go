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
	service, waiting, err := o.get(ctx, o.Service)
	if service == nil {
		return endpoint{}, waiting, err
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

// get returns a Service that has a port, or what is still missing.
func (o *Options) get(ctx context.Context, name string) (*corev1.Service, string, error) {
	service, err := o.Services.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Sprintf("for Service %s/%s to exist", o.Namespace, name), nil
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return nil, "", fmt.Errorf("read service %s/%s: %w", o.Namespace, name, err)
	case err != nil: // the host's API server may be restarting
		return nil, fmt.Sprintf("for Service %s/%s to be readable: %v", o.Namespace, name, err), nil
	case len(service.Spec.Ports) == 0:
		return nil, "", fmt.Errorf("service %s/%s has no port", o.Namespace, name)
	}
	return service, "", nil
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
		hosts = clusterIPs(service)
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

func clusterIPs(service *corev1.Service) []string {
	return slices.DeleteFunc(slices.Clone(service.Spec.ClusterIPs), func(ip string) bool { return ip == "" || ip == corev1.ClusterIPNone })
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
