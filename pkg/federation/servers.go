package federation

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// ErrServersUnknown is returned while the DNS server that comes with the federation has no address.
var ErrServersUnknown = errors.New("the federation's DNS server has no address yet")

// Lookup resolves a host's name to its IP addresses.
type Lookup func(ctx context.Context, host string) ([]string, error)

// ZoneServers are the addresses, IP:port, of the DNS servers that members ask for the federation's names, sorted: those of the server that
// comes with it, or those that the configuration of the user's CoreDNS says. None where the names are found from everywhere.
// Names of servers are looked up: nil is how this machine does it.
func ZoneServers(ctx context.Context, client kubernetes.Interface, ref Ref, lookup Lookup) ([]string, error) {
	pod, err := managerPod(ctx, client, ref)
	if err != nil || flagOf(pod, "--dns-provider=") != "coredns" {
		return nil, err
	}
	if lookup == nil {
		lookup = net.DefaultResolver.LookupHost
	}
	file := flagOf(pod, "--dns-provider-config=")
	volume := mountedAt(pod, path.Dir(file))
	var servers []string
	switch {
	case file == "" || volume == nil:
		return nil, nil
	case volume.Secret != nil:
		servers, err = configuredServers(ctx, client, ref, volume.Secret.SecretName, path.Base(file))
	default:
		servers, err = publishedServers(ctx, client, ref)
	}
	if err != nil {
		return nil, err
	}
	return addresses(ctx, servers, lookup)
}

// mountedAt is the volume that a container of the pod has at that directory; nil if there is none.
func mountedAt(pod corev1.PodSpec, dir string) *corev1.Volume {
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if mount.MountPath != dir {
				continue
			}
			if i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }); i >= 0 {
				return &pod.Volumes[i]
			}
		}
	}
	return nil
}

// configuredServers are those that the user's configuration names.
func configuredServers(ctx context.Context, client kubernetes.Interface, ref Ref, name, key string) ([]string, error) {
	secret, err := client.CoreV1().Secrets(ref.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read Secret %q in namespace %q, for the DNS provider's configuration: %w", name, ref.Namespace, err)
	}
	config, err := dnsconfig.Parse("coredns", secret.Data[key])
	if err != nil {
		return nil, fmt.Errorf("secret %q in namespace %q, key %q: %w", name, ref.Namespace, key, err)
	}
	return config.CoreDNS.Servers, nil
}

// publishedServers are those of the server that comes with the federation.
func publishedServers(ctx context.Context, client kubernetes.Interface, ref Ref) ([]string, error) {
	name := ref.Name + fedv1beta1.DNSServersSuffix
	config, err := client.CoreV1().ConfigMaps(ref.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("read ConfigMap %q in namespace %q: %w", name, ref.Namespace, err)
	}
	if err != nil || config.Data[fedv1beta1.DNSServersKey] == "" {
		return nil, fmt.Errorf("%w: ConfigMap %q in namespace %q says none; look at: kubectl describe service %s-dns --namespace=%s",
			ErrServersUnknown, name, ref.Namespace, ref.Name, ref.Namespace)
	}
	return strings.Split(config.Data[fedv1beta1.DNSServersKey], ","), nil
}

// addresses has names resolved.
func addresses(ctx context.Context, servers []string, lookup Lookup) ([]string, error) {
	var found []string
	for _, server := range servers {
		host, port, err := net.SplitHostPort(server)
		if err != nil {
			return nil, fmt.Errorf("DNS server %q is not such as 203.0.113.53:53", server)
		}
		ips := []string{host}
		if _, err := netip.ParseAddr(host); err != nil {
			if ips, err = lookup(ctx, host); err != nil {
				return nil, fmt.Errorf("look up DNS server %q: %w", host, err)
			}
		}
		for _, ip := range ips {
			found = append(found, net.JoinHostPort(ip, port))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
