package federation

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Certificate is one that the federation works with. Nothing of it is secret.
type Certificate struct {
	Secret  string    `json:"secret"`
	Key     string    `json:"key"`
	Subject string    `json:"subject"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`
}

// caSecret is the suffix of the Secret with the authorities themselves; elsewhere they are copies.
const caSecret = "-ca"

// certificateSecrets are the suffixes of the Secrets with certificates, as docs/design/control-plane.md lists them.
var certificateSecrets = []string{
	caSecret, "-apiserver-certs", "-apiserver-health-certs", "-auth-proxy-certs", "-etcd-certs",
	"-controller-manager-certs", "-kube-controller-manager-certs", "-bootstrap-certs", "-admin-certs",
	"-dns-etcd-certs", "-dns-server-certs", "-dns-client-certs",
}

// Certificates lists the federation's authorities and leaf certificates, the one that expires first at the front.
func Certificates(ctx context.Context, client kubernetes.Interface, ref Ref) ([]Certificate, error) {
	var found []Certificate
	for _, suffix := range certificateSecrets {
		secret, err := client.CoreV1().Secrets(ref.Namespace).Get(ctx, ref.Name+suffix, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue // not every federation needs all of them
		}
		if err != nil {
			return nil, fmt.Errorf("read the certificates of federation %q: %w", ref.Name, err)
		}
		for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
			if !strings.HasSuffix(key, ".crt") {
				continue
			}
			if leaf := first(secret.Data[key]); leaf != nil && leaf.IsCA == (suffix == caSecret) {
				found = append(found, Certificate{Secret: secret.Name, Key: key, Subject: leaf.Subject.CommonName, Issued: leaf.NotBefore, Expires: leaf.NotAfter})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Certificate) int { return a.Expires.Compare(b.Expires) })
	return found, nil
}

// first is the first certificate of a bundle, the one in use; nil when there is none.
func first(data []byte) *x509.Certificate {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return cert
}
