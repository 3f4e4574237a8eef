package main

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/pflag"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/pkg/version"
)

// How often the host cluster is asked, at most: a thousand members are read within some ten seconds of a start.
const (
	hostQPS   = 100
	hostBurst = 200
)

// host is the cluster that this runs in, which keeps the members' credentials.
type host struct {
	kubeconfig string
}

func (h *host) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&h.kubeconfig, "host-kubeconfig", "", "kubeconfig file of the host cluster, which keeps the members' credentials; empty for the cluster in whose pod this runs")
}

// secrets are those of one namespace. Nothing is asked yet.
func (h host) secrets(namespace string) (corev1client.SecretInterface, error) {
	config, err := h.config()
	if err != nil {
		return nil, err
	}
	config.UserAgent = program + "/" + version.Get().Version
	config.QPS, config.Burst = hostQPS, hostBurst
	client, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of the host cluster: %w", err)
	}
	return client.Secrets(namespace), nil
}

func (h host) config() (*rest.Config, error) {
	if h.kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", h.kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("read --host-kubeconfig=%s: %w", h.kubeconfig, err)
		}
		return config, nil
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("the host cluster cannot be reached, without which no member's credential can be read: run in a pod that has its ServiceAccount's token mounted, or give --host-kubeconfig: %w", err)
	}
	return config, nil
}

// monitoring is how members are watched over.
type monitoring struct {
	period         time.Duration
	timeout        time.Duration
	threshold      int
	topologyPeriod time.Duration
	tokenLifetime  time.Duration
	clientAddress  string
}

func (m *monitoring) addFlags(fs *pflag.FlagSet) {
	fs.DurationVar(&m.period, "cluster-monitor-period", 10*time.Second, "how often each member is asked how it is, give or take a tenth")
	fs.DurationVar(&m.timeout, "cluster-monitor-timeout", 5*time.Second, "how long a member has to answer that")
	fs.IntVar(&m.threshold, "cluster-failure-threshold", 3, "how many times in a row that must fail until a member that was Ready is not")
	fs.DurationVar(&m.topologyPeriod, "cluster-topology-period", time.Minute, "how often a member's nodes are looked at for zones and region")
	fs.DurationVar(&m.tokenLifetime, "member-token-lifetime", 720*time.Hour, "what life a member is asked to give a new token, which replaces the one before at half of its life; the member may give less")
	fs.StringVar(&m.clientAddress, "client-address", "", "own IP address, by which members' addresses are chosen that are for some clients only")
}

// minTokenLifetime is the shortest that an API server gives.
const minTokenLifetime = 10 * time.Minute

func (m monitoring) validate() error {
	var errs []error
	for name, value := range map[string]time.Duration{
		"cluster-monitor-period": m.period, "cluster-monitor-timeout": m.timeout, "cluster-topology-period": m.topologyPeriod,
	} {
		if value <= 0 {
			errs = append(errs, fmt.Errorf("--%s=%s: must be more than 0", name, value))
		}
	}
	if m.threshold < 1 {
		errs = append(errs, fmt.Errorf("--cluster-failure-threshold=%d: must be at least 1", m.threshold))
	}
	if m.tokenLifetime < minTokenLifetime {
		errs = append(errs, fmt.Errorf("--member-token-lifetime=%s: must be at least %s, the shortest that an API server gives", m.tokenLifetime, minTokenLifetime))
	}
	if _, err := m.address(); err != nil {
		errs = append(errs, fmt.Errorf("--client-address=%q: must be an IP address", m.clientAddress))
	}
	return errors.Join(errs...)
}

// address is the zero one if none is given.
func (m monitoring) address() (netip.Addr, error) {
	if m.clientAddress == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(m.clientAddress)
}
