package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/version"
)

// contextOptions say which context of which kubeconfig is meant.
type contextOptions struct {
	kubeconfig string // file; "": the usual rules
	context    string // "": the current one

	kubeconfigFlag, contextFlag string // how the user says so, for messages
}

// reached is a cluster that a kubeconfig's context leads to.
type reached struct {
	client  kubernetes.Interface
	objects metadata.Interface
	config  *rest.Config
	context string
	files   []string // of the kubeconfig, in the order of the loading rules
}

func (r *reached) releases(namespace string, o release.Options) (releases, error) {
	return release.New(r.config, namespace, o)
}

// reach reads a kubeconfig. It does not yet talk to the cluster.
func reach(o contextOptions) (*reached, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if o.kubeconfig != "" {
		if _, err := os.Stat(o.kubeconfig); err != nil {
			return nil, &usageError{fmt.Errorf("%s: %w", o.kubeconfigFlag, err)}
		}
		rules.ExplicitPath = o.kubeconfig
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, &usageError{fmt.Errorf("read the kubeconfig: %w", err)}
	}
	name := o.context
	if name == "" {
		name = raw.CurrentContext
	}
	contexts := slices.Sorted(maps.Keys(raw.Contexts))
	files := files(rules)
	switch {
	case len(contexts) == 0:
		return nil, &usageError{fmt.Errorf("no kubeconfig with a context was found (looked at %s); name one with %s", strings.Join(files, ", "), o.kubeconfigFlag)}
	case name == "":
		return nil, &usageError{fmt.Errorf("the kubeconfig has no current context; choose one with %s: %s", o.contextFlag, strings.Join(contexts, ", "))}
	case raw.Contexts[name] == nil:
		return nil, &usageError{fmt.Errorf("%s: the kubeconfig has no context %q; it has: %s", o.contextFlag, name, strings.Join(contexts, ", "))}
	}
	if err := dangling(&raw, name); err != nil {
		return nil, &usageError{err}
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
	return &reached{client: client, objects: objects, config: config, context: name, files: files}, nil
}

// dangling refuses a context that leads to an entry which is not there; the library would say that there is no configuration at all.
func dangling(raw *clientcmdapi.Config, name string) error {
	context := raw.Contexts[name]
	var errs []error
	if raw.Clusters[context.Cluster] == nil {
		errs = append(errs, fmt.Errorf("context %q of the kubeconfig is of cluster %q, which the kubeconfig does not have; add it: kubectl config set-cluster %s --server=URL", name, context.Cluster, context.Cluster))
	}
	if context.AuthInfo != "" && raw.AuthInfos[context.AuthInfo] == nil {
		errs = append(errs, fmt.Errorf("context %q of the kubeconfig is of user %q, whom the kubeconfig does not have; add it: kubectl config set-credentials %s", name, context.AuthInfo, context.AuthInfo))
	}
	return errors.Join(errs...)
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
