// Package publish is the hook that finds the address of the federation's API
// server, has the serving certificate name it, and writes the administrator's
// kubeconfig to the Secret R-kubeconfig. Where a DNS server comes with the
// federation, it writes its address to the ConfigMap R-dns-servers.
package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/hooks/internal/wait"
)

const pollInterval = 250 * time.Millisecond

// Services reads the host namespace's Services.
type Services interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Service, error)
}

// Nodes lists the host cluster's nodes.
type Nodes interface {
	List(ctx context.Context, opts metav1.ListOptions) (*corev1.NodeList, error)
}

// Options say what to publish. Federation, Namespace, Secrets, Services, Nodes
// and Issue are required.
type Options struct {
	Federation string
	Namespace  string

	Service   string             // default R-apiserver
	Type      corev1.ServiceType // default: that of the Service
	Advertise []string           // addresses that the user says lead to the Service
	TokenAuth bool
	BasicAuth bool
	// TokenSecret and BasicSecret default to R-auth-tokens and R-auth-basic.
	TokenSecret, BasicSecret string
	// DNSService is that of the DNS server that comes with the federation; "" if none does.
	DNSService string
	// OwnCertificates says that the Secrets with certificates are the user's. If
	// R-kubeconfig is too, it stays as it is.
	OwnCertificates bool

	// Timeout is what ctx was given; it is only named in errors.
	Timeout time.Duration

	Secrets  secrets.Client
	Services Services
	Nodes    Nodes
	// ConfigMaps is needed with a DNSService.
	ConfigMaps ConfigMaps
	// Issue has the serving certificates name these addresses.
	Issue func(ctx context.Context, addresses []string) error

	Out io.Writer // progress; default: nowhere
}

// Validate reports everything that is wrong with the options, by flag.
func (o Options) Validate() error {
	var errs []error
	switch o.Type {
	case "", corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort, corev1.ServiceTypeClusterIP:
	default:
		errs = append(errs, fmt.Errorf("--service-type %q: choose %s, %s or %s", o.Type,
			corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort, corev1.ServiceTypeClusterIP))
	}
	for _, a := range o.Advertise {
		if net.ParseIP(a) == nil && len(validation.IsDNS1123Subdomain(a)) > 0 {
			errs = append(errs, fmt.Errorf("--advertise-address %q is neither an IP address nor a DNS name", a))
		}
	}
	return errors.Join(errs...)
}

// Run waits, as long as ctx lets it, until the Service has an address.
func Run(ctx context.Context, o Options) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if o.Service == "" {
		o.Service = o.Federation + "-apiserver"
	}
	o.TokenSecret = cmp.Or(o.TokenSecret, secrets.Name(o.Federation, secrets.AuthTokens))
	o.BasicSecret = cmp.Or(o.BasicSecret, secrets.Name(o.Federation, secrets.AuthBasic))
	if o.Out == nil {
		o.Out = io.Discard
	}
	at, err := o.await(ctx)
	if err != nil {
		return err
	}
	if err := o.Issue(ctx, at.hosts); err != nil {
		return err
	}
	server, err := o.writeKubeconfig(ctx, at)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(o.Out, "federation %s answers at %s; its kubeconfig is in secret %s/%s\n",
		o.Federation, server, o.Namespace, secrets.Name(o.Federation, secrets.Kubeconfig)); err != nil {
		return err
	}
	return o.publishDNS(ctx)
}

// endpoint is where the API server is reached; there is at least one host.
type endpoint struct {
	hosts []string
	port  int32
}

// url is the server address of a kubeconfig. It stays at the host that was
// used before while that is among the hosts.
func (e endpoint) url(before string) string {
	host := e.hosts[0]
	if slices.Contains(e.hosts, before) {
		host = before
	}
	if e.port != 443 {
		return "https://" + net.JoinHostPort(host, strconv.Itoa(int(e.port)))
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return "https://[" + host + "]"
	}
	return "https://" + host
}

func (o Options) await(ctx context.Context) (endpoint, error) {
	var at endpoint
	waiting, err := wait.Until(ctx, o.Out, pollInterval, func(ctx context.Context) (state string, err error) {
		at, state, err = o.find(ctx)
		return state, err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return at, o.timedOut(waiting)
	}
	return at, err
}

func (o Options) timedOut(waiting string) error {
	if o.Type == corev1.ServiceTypeLoadBalancer && waiting == noLoadBalancer {
		return fmt.Errorf("no load balancer gave Service %s/%s an address within %s: install with --api-server-service-type=NodePort "+
			"(controlPlane.apiServer.service.type), or look at: kubectl describe service %s --namespace=%s",
			o.Namespace, o.Service, o.Timeout, o.Service, o.Namespace)
	}
	return fmt.Errorf("after %s still waiting: %s; look at: kubectl describe service %s --namespace=%s",
		o.Timeout, waiting, o.Service, o.Namespace)
}
