package setup

import (
	"context"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

// ownership tells the federation's own entry in a kubeconfig from another of the same name.
type ownership = func(*clientcmdapi.Cluster) bool

// remember finds out which entry of the kubeconfig is the federation's, and keeps that with the lock: the Secret that tells
// it is among the first things that a delete removes, and the delete may have to be run again. nil when the federation
// never had an entry.
func (d *deleteRun) remember(ctx context.Context, lock *federation.Lock) (ownership, error) {
	config, err := published(ctx, d.Host, d.Ref)
	if err != nil {
		d.Progress.Warnf("%v; the kubeconfig is left as it is", err)
		config = nil
	}
	var ours clientcmdapi.Cluster
	if config != nil {
		ours = *config.Clusters[d.Ref.Name]
	}
	ca, err := lock.Note(ctx, "ca", string(ours.CertificateAuthorityData))
	if err != nil || ca == "" {
		return nil, err
	}
	name, err := lock.Note(ctx, "tls-server-name", ours.TLSServerName)
	if err != nil {
		return nil, err
	}
	return kubeconfig.IsOurs(&clientcmdapi.Cluster{CertificateAuthorityData: []byte(ca), TLSServerName: name}), nil
}
