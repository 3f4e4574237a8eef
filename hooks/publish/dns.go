package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/hooks/internal/wait"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// ConfigMaps changes the host namespace's ConfigMaps.
type ConfigMaps interface {
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, opts metav1.PatchOptions, subresources ...string) (*corev1.ConfigMap, error)
}

// publishDNS waits until the DNS server's Service has an address, and writes it to
// the ConfigMap R-dns-servers, which the chart has made.
func (o Options) publishDNS(ctx context.Context) error {
	if o.DNSService == "" {
		return nil
	}
	var servers []string
	waiting, err := wait.Until(ctx, o.Out, pollInterval, func(ctx context.Context) (state string, err error) {
		servers, state, err = o.findDNS(ctx)
		return state, err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return o.dnsTimedOut(waiting)
	}
	if err != nil {
		return err
	}
	name := o.Federation + fedv1beta1.DNSServersSuffix
	patch, err := json.Marshal(map[string]any{"data": map[string]string{fedv1beta1.DNSServersKey: strings.Join(servers, ",")}})
	if err != nil {
		return err
	}
	if _, err := o.ConfigMaps.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("write the DNS server's address to configmap %s/%s: %w", o.Namespace, name, err)
	}
	_, err = fmt.Fprintf(o.Out, "its names are served at %s, as configmap %s/%s says\n", strings.Join(servers, ", "), o.Namespace, name)
	return err
}

const noDNSBalancer = "for a load balancer to give the DNS server's Service an address"

// findDNS returns where the server is reached, each as host:port, or what is still missing.
func (o *Options) findDNS(ctx context.Context) ([]string, string, error) {
	service, waiting, err := o.get(ctx, o.DNSService)
	if service == nil {
		return nil, waiting, err
	}
	port := service.Spec.Ports[0]
	hosts := strings.FieldsFunc(service.Annotations[fedv1beta1.AnnotationAdvertiseAddresses], func(r rune) bool { return r == ',' })
	number := port.Port
	if service.Spec.Type == corev1.ServiceTypeNodePort {
		if number = port.NodePort; number == 0 {
			return nil, fmt.Sprintf("for Service %s/%s to get a node port", o.Namespace, o.DNSService), nil
		}
	}
	if len(hosts) == 0 {
		if hosts, waiting, err = o.dnsHosts(ctx, service); len(hosts) == 0 {
			return nil, waiting, err
		}
	}
	servers := make([]string, 0, len(hosts))
	for _, host := range unique(hosts) {
		servers = append(servers, net.JoinHostPort(host, strconv.Itoa(int(number))))
	}
	slices.Sort(servers)
	return servers, "", nil
}

func (o *Options) dnsHosts(ctx context.Context, service *corev1.Service) ([]string, string, error) {
	switch service.Spec.Type {
	case corev1.ServiceTypeLoadBalancer:
		return ingress(service), noDNSBalancer, nil
	case corev1.ServiceTypeNodePort:
		nodes, err := o.Nodes.List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, "", fmt.Errorf("list nodes, for the DNS server's addresses: %w; or name them with dns.server.service.advertiseAddresses", err)
		}
		return nodeAddresses(nodes.Items), "for a node to be Ready and have an address", nil
	default:
		return clusterIPs(service), fmt.Sprintf("for Service %s/%s to get a cluster IP", o.Namespace, o.DNSService), nil
	}
}

func (o Options) dnsTimedOut(waiting string) error {
	if waiting == noDNSBalancer {
		return fmt.Errorf("no load balancer gave the DNS server's Service %s/%s an address within %s: set dns.server.service.type to NodePort "+
			"(--set dns.server.service.type=NodePort), or look at: kubectl describe service %s --namespace=%s",
			o.Namespace, o.DNSService, o.Timeout, o.DNSService, o.Namespace)
	}
	return fmt.Errorf("after %s still waiting: %s; look at: kubectl describe service %s --namespace=%s",
		o.Timeout, waiting, o.DNSService, o.Namespace)
}
