package pki

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

// dnsWorkloads returns those of the bundled DNS server that exist: etcd, and
// CoreDNS, which also reads its certificate only when it starts.
func (h *hook) dnsWorkloads(ctx context.Context) ([]workload, error) {
	var all []workload
	etcd, err := h.etcdOf(ctx, h.Federation+"-dns-etcd", DNSEtcd)
	if err != nil {
		return nil, err
	}
	if etcd != nil {
		s, err := h.store.Get(ctx, secrets.DNSEtcd)
		if err != nil {
			return nil, err
		}
		etcd.first = firstGeneration(s)
		all = append(all, *etcd)
	}
	name := h.Federation + "-dns"
	found, err := h.Deployments.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read deployment %s/%s: %w", h.Namespace, name, err)
	}
	s, err := h.store.Get(ctx, secrets.DNSServer)
	if err != nil {
		return nil, err
	}
	server := h.deployment(found, []Kind{DNSEtcd})
	server.first = firstGeneration(s)
	if s != nil {
		server.leaf = fingerprint(s)
	}
	return append(all, server), nil
}

// begin notes on a new Secret of the DNS server with what its pods will start.
func (h *hook) begin(s *corev1.Secret, which string) {
	w := workload{reads: []Kind{DNSEtcd}}
	switch which {
	case secrets.DNSEtcd:
	case secrets.DNSServer:
		w.leaf = fingerprint(s)
	default:
		return
	}
	annotate(s, annotationFirstGeneration, w.wanted(h.authorities))
}

// firstGeneration is what begin noted. Pods of which nothing is known were started with something else.
func firstGeneration(s *corev1.Secret) string {
	if s == nil || s.Annotations[annotationFirstGeneration] == "" {
		return "unknown"
	}
	return s.Annotations[annotationFirstGeneration]
}

// fingerprint is that of the client certificate.
func fingerprint(s *corev1.Secret) string {
	sum := sha256.Sum256(s.Data[secrets.KeyClientCert])
	return hex.EncodeToString(sum[:6])
}
