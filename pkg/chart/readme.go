package chart

import (
	"fmt"
	"strings"
)

// Readme says how to install the chart that Write makes for these options.
func (o Options) Readme() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Federation %s\n\n", o.Name)
	fmt.Fprintf(&b, "This chart was written by `fedhelm generate %s`. It needs no values: they are in `values.yaml`.\n\n", o.Name)
	if secrets := o.secrets(); len(secrets) > 0 {
		fmt.Fprintf(&b, "## Before\n\nThese Secrets must be there first; none of their content is in this chart:\n\n")
		fmt.Fprintf(&b, "```sh\nkubectl create namespace %s\n", o.Namespace)
		for _, command := range secrets {
			fmt.Fprintf(&b, "kubectl -n %s create secret %s\n", o.Namespace, command)
		}
		fmt.Fprintf(&b, "```\n\n")
	}
	fmt.Fprintf(&b, "## Install\n\n```sh\nhelm install %s . --namespace %s --create-namespace\n```\n\n", o.Name, o.Namespace)
	fmt.Fprintf(&b, "The release must have this name and namespace. `--wait`, `--atomic`, Argo CD and Flux work too.\n\n")
	fmt.Fprintf(&b, "## After\n\n```sh\nfedhelm kubeconfig %s --merge%s\nkubectl --context=%s get namespaces\n```\n", o.Name, o.namespaceFlag(), o.Name)
	return b.String()
}

// secrets are the arguments of `kubectl create secret` for each Secret that the values name.
func (o Options) secrets() []string {
	var commands []string
	if o.DNS.Config != nil {
		commands = append(commands, fmt.Sprintf("generic %s --from-file=%s=YOUR-PROVIDER-CONFIG", DNSConfigSecret(o.Name), DNSConfigKey))
	}
	if o.Etcd.TLSSecret != "" {
		commands = append(commands, fmt.Sprintf("generic %s --from-file=ca.crt --from-file=tls.crt --from-file=tls.key", o.Etcd.TLSSecret))
	}
	for _, secret := range o.ImagePullSecrets {
		commands = append(commands, fmt.Sprintf("docker-registry %s --docker-server=… --docker-username=… --docker-password=…", secret))
	}
	return commands
}

func (o Options) namespaceFlag() string {
	if o.Namespace == DefaultNamespace {
		return ""
	}
	return " --federation-system-namespace=" + o.Namespace
}
