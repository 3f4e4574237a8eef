package join

import (
	"cmp"
	"context"
	"fmt"
	"net/url"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// plan is what is decided before the first write.
type plan struct {
	endpoint   preflight.Endpoint
	hearsay    bool   // endpoint is what the Cluster says, which others than the operator may write
	serverName string // what the member's certificate must name, whatever the Cluster's address comes to be
	ca         []byte // that verifies it
	secretName string
}

// check is all that is done before the first write.
func (r *joinRun) check(ctx context.Context) error {
	step := r.Progress.Start(fmt.Sprintf("Checking federation %s and cluster %s", r.Federation.Name, r.Name))
	defer step.Fail()
	r.awaitManager(ctx, step)
	registered, stored := r.known(ctx)
	r.decide(registered, stored)
	results := preflight.Join(ctx, r.preflight(func(ctx context.Context) error {
		var err error
		r.ca, err = r.authority(stored).Find(ctx)
		return err
	}))
	for _, warning := range results.Warnings() {
		r.Progress.Warnf("%s", warning)
	}
	if err := results.Err(); err != nil {
		return setup.Refused(err)
	}
	step.Done()
	return nil
}

// known is what there is of this very cluster in the federation already; nil when there is nothing, or nobody answers: the checks
// tell of that.
func (r *joinRun) known(ctx context.Context) (*fedv1beta1.Cluster, *members.Credential) {
	if r.Federation.Unusable != nil {
		return nil, nil
	}
	registered, err := r.Federation.Clusters.Get(ctx, r.Name)
	if err != nil {
		return nil, nil
	}
	system, err := r.Member.Client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil || preflight.ClusterUID(registered) != string(system.UID) || registered.Spec.SecretRef == nil {
		return nil, nil
	}
	secret, err := r.Host.Client.CoreV1().Secrets(r.Federation.Namespace).Get(ctx, registered.Spec.SecretRef.Name, metav1.GetOptions{})
	if err != nil || !preflight.IsMembers(secret, r.Federation.Ref, r.Name) {
		return registered, nil
	}
	stored, err := members.ReadCredential(secret)
	if err != nil {
		return registered, nil
	}
	return registered, &stored
}

// decide fills the plan: what was chosen, else what is known, else what the kubeconfig says. Of what is known, the address is hearsay:
// who may write Clusters must not thereby choose where a new token goes. So the server there must be the one that was joined, by the
// name in the member's Secret or else by that in the kubeconfig.
func (r *joinRun) decide(known *fedv1beta1.Cluster, stored *members.Credential) {
	r.endpoint = preflight.Endpoint{URL: r.Endpoint}
	r.secretName = r.SecretName
	r.serverName = r.Member.Config.ServerName
	if known != nil {
		r.secretName = cmp.Or(r.secretName, known.Spec.SecretRef.Name)
		r.endpoint.URL = cmp.Or(r.endpoint.URL, addressFor(known))
		own, _ := preflight.NormalEndpoint(r.Member.Server) // what is no address is told by the checks
		r.hearsay = r.Endpoint == "" && r.endpoint.URL != own
	}
	r.secretName = cmp.Or(r.secretName, r.Federation.MemberObject(r.Name))
	if r.endpoint.URL == "" {
		r.endpoint = preflight.Endpoint{URL: r.Member.Server, Context: r.Member.Context, Proxied: r.Member.Config.Proxy != nil}
		r.hearsay = false
	}
	switch {
	case !r.hearsay:
	case stored != nil:
		r.serverName = cmp.Or(r.serverName, stored.TLSServerName)
	default:
		r.serverName = cmp.Or(r.serverName, hostname(r.Member.Server))
	}
	r.serverName = cmp.Or(r.serverName, hostname(r.endpoint.URL))
}

// hostname is the one of a URL; "" if it has none.
func hostname(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// addressFor is the one that join writes: of all the addresses that a Cluster may have, the one without a range.
func addressFor(c *fedv1beta1.Cluster) string {
	for _, a := range c.Spec.ServerAddressByClientCIDRs {
		if a.ClientCIDR == "" {
			if url, err := preflight.NormalEndpoint(a.ServerAddress); err == nil {
				return url
			}
		}
	}
	return ""
}

// authority says where to look for what verifies the member.
func (r *joinRun) authority(stored *members.Credential) preflight.Authority {
	known := [][]byte{authorityOf(r.Member.Config)}
	if stored != nil {
		known = [][]byte{stored.CA, known[0]}
	}
	return preflight.Authority{
		Endpoint: r.endpoint.URL, ServerName: r.serverName,
		Given: r.CA, Known: known, Strict: r.Member.Config.Insecure || r.hearsay, Dial: r.Member.Config.Dial,
		Published: func(ctx context.Context) ([]byte, error) {
			published, err := r.Member.Client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
			if err != nil {
				return nil, fmt.Errorf("read what the member publishes to its pods: %w", err)
			}
			return []byte(published.Data["ca.crt"]), nil
		},
	}
}

// authorityOf is the one of a kubeconfig, also when that names a file; nil when it has none.
func authorityOf(config *rest.Config) []byte {
	loaded := rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(loaded); err != nil {
		return nil // then no request would have come through either
	}
	return loaded.CAData
}

func (r *joinRun) preflight(authority func(context.Context) error) preflight.JoinOptions {
	return preflight.JoinOptions{
		Name: r.Name, Federation: r.Federation.Ref, UID: r.Federation.UID, Unusable: r.Federation.Unusable,
		Host:      preflight.Side{Client: r.Host.Client, Context: r.Host.Context, Server: r.Host.Server, Clock: r.HostClock},
		Member:    preflight.Side{Client: r.Member.Client, Context: r.Member.Context, Server: r.Member.Server, Clock: r.MemberClock},
		API:       preflight.Side{Client: r.Federation.API, Server: r.Federation.Server},
		Clusters:  r.Federation.Clusters,
		Endpoint:  r.endpoint,
		Authority: authority,
		Secret:    r.secretName,
		Names:     r.DNS != "" && r.DNS != memberdns.None && r.Federation.Zone != "",
	}
}
