package pki

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

// refreshKubeconfig gives R-kubeconfig the administrator's certificate and the
// authorities of now; address, token and password in it stay. Without one
// there is nothing to do: publish makes it.
func (h *hook) refreshKubeconfig(ctx context.Context) error {
	current, err := h.store.Get(ctx, secrets.Kubeconfig)
	if err != nil || current == nil {
		return err
	}
	admin, err := h.store.Get(ctx, secrets.Admin)
	if err != nil {
		return err
	}
	if admin == nil {
		return fmt.Errorf("secret %s/%s was deleted meanwhile; run the hook again", h.Namespace, secrets.Name(h.Federation, secrets.Admin))
	}
	out, outcome, err := h.store.Ensure(ctx, secrets.Kubeconfig, func(s *corev1.Secret) error {
		fresh, err := h.renewedKubeconfig(s.Data[secrets.KeyKubeconfig], admin)
		if err != nil {
			return fmt.Errorf("secret %s/%s: %w", s.Namespace, s.Name, err)
		}
		s.Data[secrets.KeyKubeconfig] = fresh
		return nil
	})
	if err != nil {
		return err
	}
	h.report.secret(out, outcome, nil, time.Time{})
	return nil
}

func (h *hook) renewedKubeconfig(old []byte, admin *corev1.Secret) ([]byte, error) {
	config, err := kubeconfig.Decode(old)
	if err != nil {
		return nil, err
	}
	cluster, user := config.Clusters[h.Federation], config.AuthInfos[h.Federation]
	if cluster == nil || user == nil {
		return nil, fmt.Errorf("no cluster or user %q in it; delete the Secret and have it made again: helm upgrade %s", h.Federation, h.Federation)
	}
	cluster.CertificateAuthorityData = admin.Data[secrets.KeyCA]
	user.ClientCertificateData = admin.Data[secrets.KeyClientCert]
	user.ClientKeyData = admin.Data[secrets.KeyClientKey]
	return kubeconfig.Encode(config)
}
