package join

import (
	"fmt"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// leftNames tells how the names of the federation leave the DNS of a member that was left out. Which DNS it runs is not known.
func (u *unjoinRun) leftNames() {
	if u.Federation.Zone == "" {
		return // it was never told of any
	}
	owner := u.Federation.Namespace + "/" + u.Federation.Name
	edit := u.kubectl() + " --namespace=kube-system edit configmap "
	u.left(InMember, "ConfigMap kube-system/coredns",
		fmt.Sprintf("with CoreDNS: the lines from %q to %q", "# BEGIN fedhelm "+owner, "# END fedhelm "+owner), edit+"coredns")
	u.left(InMember, "ConfigMap kube-system/kube-dns",
		fmt.Sprintf("with kube-dns: %q in its key federations", u.Federation.Name+"="+u.Federation.Zone), edit+"kube-dns")
}

// leftWorkloads tells how what the federation has in a member that was left out is removed, or loses its marks.
func (u *unjoinRun) leftWorkloads() {
	kubectl := u.kubectl()
	marked := fedv1beta1.LabelPropagatedBy + "=" + u.Federation.Name
	selected := " $kinds --all-namespaces --selector=" + marked
	if u.Workloads == DeleteWorkloads {
		u.left(InMember, "objects labelled "+marked, "all but namespaces and definitions, in which others may have something",
			kindsOf(kubectl, "delete", "namespaces", "customresourcedefinitions.apiextensions.k8s.io")+kubectl+" delete"+selected)
		return
	}
	u.left(InMember, "marks of objects labelled "+marked, "", fmt.Sprintf("%s%s annotate%s %s- %s- %s- && %s label%s %s-",
		kindsOf(kubectl, "patch"), kubectl, selected, fedv1beta1.AnnotationFederationUID, fedv1beta1.AnnotationSourceUID, fedv1beta1.AnnotationHash,
		kubectl, selected, fedv1beta1.LabelPropagatedBy))
}

// kindsOf begins a command line with the kinds that can be listed and changed, but for those that Kubernetes makes by itself.
func kindsOf(kubectl, verb string, but ...string) string {
	var without strings.Builder
	for _, kind := range append([]string{"events", "events.events.k8s.io", "endpoints", "endpointslices.discovery.k8s.io"}, but...) {
		without.WriteString(" -e " + kind)
	}
	return fmt.Sprintf("kinds=$(%s api-resources --verbs=list,%s --output=name | grep -vx%s | paste -sd, -) && ", kubectl, verb, without.String())
}

func (u *unjoinRun) kubectl() string { return "kubectl --context=" + word(u.Member.Context) }

// word is text as one word of a shell's command line.
func word(text string) string {
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_-+=:,./") == "" && text != "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
