package join

import (
	"fmt"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// leftNames tells how the names of the federation leave the DNS of a member that was left out. Which DNS it runs is not known.
func (u *unjoinRun) leftNames() {
	if u.Federation.Zone == "" {
		return // it was never told of any
	}
	owner := u.Federation.Namespace + "/" + u.Federation.Name
	edit := "kubectl --context=" + u.Member.Context + " --namespace=kube-system edit configmap "
	u.left(InMember, "ConfigMap kube-system/coredns",
		fmt.Sprintf("with CoreDNS: the lines from %q to %q", "# BEGIN fedhelm "+owner, "# END fedhelm "+owner), edit+"coredns")
	u.left(InMember, "ConfigMap kube-system/kube-dns",
		fmt.Sprintf("with kube-dns: %q in its key federations", u.Federation.Name+"="+u.Federation.Zone), edit+"kube-dns")
}

// leftWorkloads tells how what the federation has in a member that was left out is removed, or loses its marks.
func (u *unjoinRun) leftWorkloads() {
	kubectl := "kubectl --context=" + u.Member.Context
	marked := fedv1beta1.LabelPropagatedBy + "=" + u.Federation.Name
	kinds := fmt.Sprintf("$(%s api-resources --verbs=list,patch --output=name | grep -vx -e events.events.k8s.io -e events -e endpoints -e endpointslices.discovery.k8s.io | paste -sd, -)", kubectl)
	if u.Workloads == DeleteWorkloads {
		u.left(InMember, "objects labelled "+marked, "look at namespaces first: with them goes all that is in them",
			fmt.Sprintf("%s delete %s --all-namespaces --selector=%s", kubectl, kinds, marked))
		return
	}
	u.left(InMember, "labels of objects labelled "+marked, "",
		fmt.Sprintf("%s label %s --all-namespaces --selector=%s %s-", kubectl, kinds, marked, fedv1beta1.LabelPropagatedBy))
}
