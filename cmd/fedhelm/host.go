package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
	"github.com/fedhelm/fedhelm/pkg/version"
)

// hostOptions say which host cluster is meant.
type hostOptions struct {
	kubeconfig string // file; "": the usual rules
	context    string // "": the current one
}

// host is the host cluster, and the kubeconfig that led to it.
type host struct {
	setup.Host
	files    []string // of the kubeconfig, in the order of the loading rules
	releases func(namespace string, o release.Options) (releases, error)
}

// releases is what the commands need of Helm.
type releases interface {
	setup.Releases
	Values(name string) (map[string]any, error)
}

func hostFrom(c *cli.Context) hostOptions {
	return hostOptions{kubeconfig: c.String("kubeconfig"), context: c.String("host-cluster-context")}
}

func refFrom(c *cli.Context, name string) federation.Ref {
	return federation.Ref{Name: name, Namespace: c.String("federation-system-namespace")}
}

// connect reads the kubeconfig. It does not yet talk to the cluster.
func connect(o hostOptions) (*host, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if o.kubeconfig != "" {
		if _, err := os.Stat(o.kubeconfig); err != nil {
			return nil, &usageError{fmt.Errorf("--kubeconfig: %w", err)}
		}
		rules.ExplicitPath = o.kubeconfig
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	name := o.context
	if name == "" {
		name = raw.CurrentContext
	}
	contexts := slices.Sorted(maps.Keys(raw.Contexts))
	files := files(rules)
	switch {
	case len(contexts) == 0:
		return nil, &usageError{fmt.Errorf("no kubeconfig with a context was found (looked at %s); name one with --kubeconfig", strings.Join(files, ", "))}
	case name == "":
		return nil, &usageError{fmt.Errorf("the kubeconfig has no current context; choose one with --host-cluster-context: %s", strings.Join(contexts, ", "))}
	case raw.Contexts[name] == nil:
		return nil, &usageError{fmt.Errorf("--host-cluster-context: the kubeconfig has no context %q; it has: %s", name, strings.Join(contexts, ", "))}
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("use context %q of the kubeconfig: %w", name, err)
	}
	tune(config)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("use context %q of the kubeconfig: %w", name, err)
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("use context %q of the kubeconfig: %w", name, err)
	}
	return &host{
		Host:  setup.Host{Client: client, Objects: objects, Context: name, Server: config.Host},
		files: files,
		releases: func(namespace string, o release.Options) (releases, error) {
			return release.New(config, namespace, o)
		},
	}, nil
}

// files are where an entry may be or go.
func files(rules *clientcmd.ClientConfigLoadingRules) []string {
	if rules.ExplicitPath != "" {
		return []string{rules.ExplicitPath}
	}
	return rules.GetLoadingPrecedence()
}

// tune lets the API server, and not the client, decide how fast is too fast, and keeps its warnings off the terminal.
func tune(config *rest.Config) {
	config.QPS = -1
	config.UserAgent = "fedhelm/" + version.Get().Version
	config.WarningHandler = rest.NoWarnings{}
}

// identity tells others who holds a lock.
func identity() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "unknown host"
	}
	return fmt.Sprintf("fedhelm process %d on %s", os.Getpid(), name)
}
