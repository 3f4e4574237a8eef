package pki

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// settle is how long a new authority is only trusted before it signs: an hour
// for kubelets to hand out the files and for programs to read them again. The
// authority is valid from five minutes before it was made.
const settle = time.Hour + 5*time.Minute

// trustedBy returns a function that tells whether everybody trusts a certificate
// by now: every Secret that holds the bundle has had it since before this run,
// and every pod that reads bundles only at its start is younger.
func (h *hook) trustedBy(ctx context.Context, k Kind, all map[Kind]*authority) func(*x509.Certificate) (bool, error) {
	return func(cert *x509.Certificate) (bool, error) {
		if h.Now().Before(cert.NotBefore.Add(settle)) {
			return false, nil
		}
		sheets, err := table(h.Options, nil)
		if err != nil {
			return false, err
		}
		for _, want := range sheets {
			s, err := h.store.Get(ctx, want.which)
			if err != nil {
				return false, err
			}
			for key, kind := range want.bundles {
				if s != nil && kind == k && !holds(s.Data[key], cert) {
					return false, nil
				}
			}
		}
		if s, err := h.store.Get(ctx, secrets.Kubeconfig); err != nil || s != nil && k == Cluster && !h.kubeconfigHolds(s, cert) {
			return false, err
		}
		return h.rolled(ctx, k, all)
	}
}

func holds(pem []byte, cert *x509.Certificate) bool {
	bundle, err := pki.ParseBundle(pem)
	return err == nil && pki.Contains(bundle, cert)
}

// kubeconfigHolds reports whether R-kubeconfig trusts cert. One that cannot be
// read has nobody who could lose anything.
func (h *hook) kubeconfigHolds(s *corev1.Secret, cert *x509.Certificate) bool {
	config, err := kubeconfig.Decode(s.Data[secrets.KeyKubeconfig])
	if err != nil || config.Clusters[h.Federation] == nil {
		return true
	}
	return holds(config.Clusters[h.Federation].CertificateAuthorityData, cert)
}

// generation names the trusted authorities of each of these kinds, in a form fit
// for an annotation. It changes when one is announced or dropped, not when
// another one of them begins to sign.
func generation(all map[Kind]*authority, of []Kind) string {
	var parts []string
	for _, k := range of {
		if all[k] == nil {
			continue
		}
		var trusted [][]byte
		for _, c := range all[k].bundle {
			trusted = append(trusted, c.Raw)
		}
		slices.SortFunc(trusted, bytes.Compare)
		sum := sha256.Sum256(bytes.Join(trusted, nil))
		parts = append(parts, fmt.Sprintf("%s=%x", k, sum[:6]))
	}
	return strings.Join(parts, ",")
}
