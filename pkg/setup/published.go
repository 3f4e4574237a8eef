package setup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	fedchart "github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/progress"
)

const (
	reachPoll = 100 * time.Millisecond
	// reachTry is how long one attempt may take: an address that swallows packets must not eat the whole limit.
	reachTry = 3 * time.Second
	// reachClusterIP is how long a Service without an outside address is tried: nobody promised that it leads here.
	reachClusterIP = 5 * time.Second
)

// published is the kubeconfig that the publish hook left; nil when there is none yet.
func (r *initRun) published(ctx context.Context) (*clientcmdapi.Config, error) {
	return published(ctx, r.Host, r.ref)
}

func published(ctx context.Context, host Host, ref federation.Ref) (*clientcmdapi.Config, error) {
	data, err := federation.Kubeconfig(ctx, host.Client, ref)
	if err != nil || data == nil {
		return nil, err
	}
	entry, err := kubeconfig.Published(data, ref.Name)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig in Secret %q in namespace %q: %w", ref.KubeconfigSecret(), ref.Namespace, err)
	}
	return kubeconfig.New(entry), nil
}

// known is what an entry of the user's kubeconfig must agree with to be the federation's: what was published, else what would
// be, should that Secret have been lost; nil when there is no federation yet.
func (r *initRun) known(ctx context.Context) (*clientcmdapi.Config, error) {
	config, err := r.published(ctx)
	if config != nil || err != nil {
		return config, err
	}
	ca, err := federation.Authority(ctx, r.Host.Client, r.ref)
	if ca == nil || err != nil {
		return nil, err
	}
	return kubeconfig.New(kubeconfig.Entry{Name: r.ref.Name, CA: ca, TLSServerName: r.ref.ServerName()}), nil
}

// serverOf is the address that a kubeconfig's current context leads to.
func serverOf(config *clientcmdapi.Config) string {
	if current := config.Contexts[config.CurrentContext]; current != nil {
		if cluster := config.Clusters[current.Cluster]; cluster != nil {
			return cluster.Server
		}
	}
	return ""
}

// reach waits until the federation API says, through the published kubeconfig and to this machine, that it is ready. A
// Service of type ClusterIP need not lead here: that is a warning.
func (r *initRun) reach(ctx context.Context, published *clientcmdapi.Config, step *progress.Step) (warning string, err error) {
	config, err := clientcmd.NewDefaultClientConfig(*published, nil).ClientConfig()
	if err != nil {
		return "", fmt.Errorf("use the kubeconfig of federation %q: %w", r.ref.Name, err)
	}
	service := fedchart.Effective(r.Chart, r.values).String("controlPlane.apiServer.service.type")
	limited := ctx
	if service == "ClusterIP" {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, reachClusterIP, errUnreachable)
		defer cancel()
	}
	last := pollReady(limited, config, step)
	switch {
	case last == nil:
		return "", nil
	case !isNetwork(last):
		return "", fmt.Errorf("the federation API at %s is %s", config.Host, brief(last))
	case service == "ClusterIP" && ctx.Err() == nil:
		return fmt.Sprintf("%s cannot be reached from this machine (%s), as is to be expected of a Service of type ClusterIP; from here use: "+
			"kubectl -n %s port-forward service/%s 8443:443 and kubectl --context=%s --server=https://127.0.0.1:8443",
			config.Host, brief(last), r.ref.Namespace, r.ref.APIServer(), published.CurrentContext), nil
	default:
		return "", &unreachable{server: config.Host, service: service, err: last}
	}
}

var errUnreachable = errors.New("unreachable")

// pollReady asks until the answer is yes, or ctx is done; then it gives the last answer.
func pollReady(ctx context.Context, config *rest.Config, step *progress.Step) error {
	config = rest.CopyConfig(config)
	config.Timeout = reachTry
	config.QPS = -1 // reachPoll is the limit
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	var last error
	began := time.Now()
	err = wait.PollUntilContextCancel(ctx, reachPoll, true, func(ctx context.Context) (bool, error) {
		_, err := client.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err != nil && ctx.Err() == nil {
			last = err
		}
		if last != nil && time.Since(began) > time.Second {
			step.Waitingf("%s: %s", config.Host, brief(last))
		}
		return err == nil, nil
	})
	if err != nil && last == nil {
		return err
	}
	if err != nil {
		return last
	}
	return nil
}

// isNetwork tells that no server answered, from a server that said no.
func isNetwork(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, context.DeadlineExceeded)
}

// brief leaves out the request that an error of net/http repeats, and the list of checks that an API server sends.
func brief(err error) string {
	var urlErr *url.Error
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code >= http.StatusInternalServerError {
		return fmt.Sprintf("not ready yet (HTTP status %d)", status.Status().Code)
	}
	if errors.As(err, &urlErr) {
		return urlErr.Err.Error()
	}
	return err.Error()
}

// unreachable is a federation API that runs, but not for this machine.
type unreachable struct {
	server, service string
	err             error
}

func (u *unreachable) Error() string {
	wayOut := "give an address that this machine can reach with --api-server-service-type=NodePort --api-server-advertise-address=IP"
	if u.service == "NodePort" {
		wayOut = "give one that this machine can reach with --api-server-advertise-address=IP, and let the node port through the firewall"
	}
	return fmt.Sprintf("the control plane is ready, but its address %s cannot be reached from this machine (%s); %s", u.server, brief(u.err), wayOut)
}

func (u *unreachable) Unwrap() error { return u.err }
