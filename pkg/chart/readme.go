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
	b.WriteString(o.before())
	fmt.Fprintf(&b, "## Install\n\n```sh\nhelm install %s . --namespace %s --create-namespace\n```\n\n", o.Name, o.Namespace)
	fmt.Fprintf(&b, "The release must have this name and namespace. `--wait`, `--atomic`, Argo CD and Flux work too.\n\n")
	fmt.Fprintf(&b, "## After\n\n```sh\nfedhelm kubeconfig %s --merge%s\nkubectl --context=%s get namespaces\n```\n", o.Name, o.namespaceFlag(), o.Name)
	return b.String()
}

// before says what has to be there first; "" if nothing has to.
func (o Options) before() string {
	values, err := o.Values()
	if err != nil {
		return "" // Validate has said so
	}
	v := EffectiveValues{vals: values} // the chart's defaults name nothing of the user's
	var b strings.Builder
	if secrets := v.GivenSecrets(); len(secrets) > 0 {
		fmt.Fprintf(&b, "These Secrets must be there first; none of their content is in this chart:\n\n")
		fmt.Fprintf(&b, "```sh\nkubectl create namespace %s\n", o.Namespace)
		for _, secret := range secrets {
			fmt.Fprintf(&b, "kubectl -n %s create secret %s\n", o.Namespace, secret.arguments())
		}
		fmt.Fprintf(&b, "```\n\n")
	}
	if claim := v.String("controlPlane.etcd.persistence.existingClaim"); claim != "" {
		fmt.Fprintf(&b, "The PersistentVolumeClaim `%s`, for the federation's data, must be there in namespace `%s`.\n\n", claim, o.Namespace)
	}
	if claim := v.String("dns.etcd.persistence.existingClaim"); claim != "" {
		fmt.Fprintf(&b, "The PersistentVolumeClaim `%s`, for the DNS server's data, must be there in namespace `%s`.\n\n", claim, o.Namespace)
	}
	if create, given := lookup(values, "controlPlane.pki.create").(bool); given && !create {
		fmt.Fprintf(&b, "All certificates are yours (`pki.create: false`): the Secrets `%s-…` that fedhelm's docs/design/control-plane.md lists, with their keys, must be there in namespace `%s`. "+
			"The installation checks them and names what is missing.\n\n", o.Name, o.Namespace)
	}
	if b.Len() == 0 {
		return ""
	}
	return "## Before\n\n" + b.String()
}

// arguments are those of `kubectl create secret`.
func (s GivenSecret) arguments() string {
	if s.ForImages() {
		return fmt.Sprintf("docker-registry %s --docker-server=… --docker-username=… --docker-password=…", s.Name)
	}
	var files strings.Builder
	for _, key := range s.Keys {
		fmt.Fprintf(&files, " --from-file=%s=YOUR-FILE", key)
	}
	return "generic " + s.Name + files.String()
}

func (o Options) namespaceFlag() string {
	if o.Namespace == DefaultNamespace {
		return ""
	}
	return " --federation-system-namespace=" + o.Namespace
}
