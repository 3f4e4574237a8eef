package preflight

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// Side is a cluster that takes part in a join, as the operator reaches it.
type Side struct {
	Client  kubernetes.Interface
	Context string // of the kubeconfig, for messages; "" of the federation API
	Server  string // URL, for messages
	// Clock tells how far its clock is ahead of the one here; nil: that is not known, and not checked.
	Clock Clock
}

// JoinOptions is what the checks before `fedhelm join` need to know.
type JoinOptions struct {
	Name       string // of the member
	Federation federation.Ref
	UID        types.UID // of the federation
	Unusable   error     // why its API cannot be used; then API and Clusters are not looked at

	Host, Member, API Side
	Clusters          Clusters

	Endpoint Endpoint
	// Authority finds out what verifies the member at Endpoint; nil: that is known.
	Authority func(ctx context.Context) error
	Secret    string // the name of the member's Secret in the host cluster
	// Names tells that pods of the member are to find the federation's names.
	Names bool
}

// Clusters lists what the federation API has registered.
type Clusters interface {
	List(ctx context.Context) (*fedv1beta1.ClusterList, error)
}

// Join makes the checks before `fedhelm join`. What needs a side that does not answer is left out: nothing can be learned there.
func Join(ctx context.Context, o JoinOptions) Results {
	const federation, member = "federation", "member-api"
	first := Run(ctx, []Check{
		{federation, o.federation},
		{member, func(ctx context.Context) error { return o.member().answers(ctx) }},
	})
	answers := map[string]bool{}
	for _, r := range first {
		answers[r.Check] = r.Problem == nil
	}
	rest := []Check{
		{"endpoint", func(context.Context) error { return o.Endpoint.address() }},
		{"secret", o.secret},
		{"host-permissions", o.hostPermissions},
		{"clocks", o.clocks},
	}
	if answers[federation] {
		rest = append(rest, Check{"federation-permissions", o.federationPermissions})
	}
	if answers[member] {
		rest = append(rest, Check{"member-version", o.memberVersion}, Check{"namespace-names", o.shadow},
			Check{"member-permissions", o.memberPermissions}, Check{"certificate", o.certificate})
	}
	if answers[federation] && answers[member] {
		rest = append(rest, Check{"name", o.name}, Check{"other-federation", o.otherFederation})
	}
	return append(first, Run(ctx, rest)...)
}

// certificate finds the authority that verifies the member, unless there is no address to ask.
func (o JoinOptions) certificate(ctx context.Context) error {
	var p *Problem
	if errors.As(o.Endpoint.address(), &p) && !p.Warning || o.Authority == nil {
		return nil
	}
	return o.Authority(ctx)
}

// HostAnswers tells whether a host cluster answers, and knows who asks: for commands that could not find their federation there.
func HostAnswers(ctx context.Context, host Side) error { return host.host().answers(ctx) }

func (s Side) host() target {
	return target{client: s.Client, context: s.Context, server: s.Server, flag: "--host-cluster-context", noun: "host cluster"}
}

func (o JoinOptions) host() target { return o.Host.host() }

func (o JoinOptions) member() target {
	return target{client: o.Member.Client, context: o.Member.Context, server: o.Member.Server, flag: "--cluster-context", noun: "member cluster"}
}

// federation tells whether its API can be used and its controller manager is up: nobody else could make the member Ready.
func (o JoinOptions) federation(ctx context.Context) error {
	status := fmt.Sprintf("fedhelm status %s --federation-system-namespace=%s --host-cluster-context=%s", o.Federation.Name, o.Federation.Namespace, o.Host.Context)
	if o.Unusable != nil {
		return &Problem{
			Reason: fmt.Sprintf("the API of federation %q cannot be used: %v", o.Federation.Name, o.Unusable),
			WayOut: "see what is wrong with it: " + status,
		}
	}
	workloads, err := federation.Workloads(ctx, o.Host.Client, o.Federation)
	if err != nil {
		return err
	}
	for _, w := range workloads {
		if w.Name == o.Federation.ControllerManager() && w.Ready > 0 {
			return nil
		}
	}
	return &Problem{
		Reason: fmt.Sprintf("the controller manager of federation %q is not ready (Deployment %q in namespace %q of host cluster %q)",
			o.Federation.Name, o.Federation.ControllerManager(), o.Federation.Namespace, o.Host.Context),
		WayOut: "see what is wrong with it: " + status,
	}
}
