package pki

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// Deployments reads and rolls Deployments of the host namespace.
type Deployments interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*appsv1.Deployment, error)
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, opts metav1.PatchOptions, subresources ...string) (*appsv1.Deployment, error)
}

// StatefulSets reads and rolls StatefulSets of the host namespace.
type StatefulSets interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*appsv1.StatefulSet, error)
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, opts metav1.PatchOptions, subresources ...string) (*appsv1.StatefulSet, error)
}

// Options say what a control plane needs. Federation, Namespace, Secrets,
// Deployments and StatefulSets are required.
type Options struct {
	Federation string // the release
	Namespace  string // of the host cluster

	ClusterDomain string   // default cluster.local
	ServiceRange  string   // --service-cluster-ip-range, one CIDR or two; default 10.0.0.0/12
	ExtraSANs     []string // further names and addresses of the serving certificate
	ServicePort   int      // of Service R-apiserver; default 443
	ExternalEtcd  bool     // no etcd of its own, so no certificates for it
	DNSEtcd       bool     // a DNS server with an etcd of its own comes with it
	TokenAuth     bool
	BasicAuth     bool
	// TokenSecret and BasicSecret name Secrets of the user's in place of
	// R-auth-tokens and R-auth-basic. They are only looked at.
	TokenSecret, BasicSecret string

	Algorithm    pki.Algorithm // default ECDSA
	CAValidity   time.Duration // default ten years
	LeafValidity time.Duration // default one year

	// ExistingCASecret names a Secret of the user's that holds the cluster's
	// authority, and maybe the others, under the same keys as R-ca. It is never
	// written to; what it lacks is made.
	ExistingCASecret string
	// CheckOnly makes nothing: all Secrets are the user's, and are only verified.
	CheckOnly bool
	// Rotate lists authorities to be replaced although they are still good.
	Rotate []Kind
	// Distrust lists authorities of which nothing but what signs shall be trusted:
	// the predecessors leave every bundle before they expire.
	Distrust []Kind
	// RefreshKubeconfig brings R-kubeconfig, where publish has made one, in line
	// with the administrator's certificate and the authorities.
	RefreshKubeconfig bool

	Secrets      secrets.Client
	Deployments  Deployments
	StatefulSets StatefulSets

	Out  io.Writer        // one line per Secret; default: nowhere
	Now  func() time.Time // default time.Now
	Rand io.Reader        // default crypto/rand

	passwordCost int // of bcrypt; tests, which hash many passwords, take a lower one
}

func (o *Options) setDefaults() {
	if o.ClusterDomain == "" {
		o.ClusterDomain = "cluster.local"
	}
	if o.ServiceRange == "" {
		o.ServiceRange = "10.0.0.0/12"
	}
	if o.ServicePort == 0 {
		o.ServicePort = 443
	}
	if o.Algorithm == "" {
		o.Algorithm = pki.ECDSA
	}
	if o.CAValidity == 0 {
		o.CAValidity = 10 * 365 * 24 * time.Hour
	}
	if o.LeafValidity == 0 {
		o.LeafValidity = 365 * 24 * time.Hour
	}
	if o.passwordCost == 0 {
		o.passwordCost = bcrypt.DefaultCost
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Validate reports everything that is wrong with the options, by flag.
func (o Options) Validate() error {
	o.setDefaults()
	var errs []error
	if _, err := serviceAddresses(o.ServiceRange); err != nil {
		errs = append(errs, err)
	}
	if problems := validation.IsDNS1123Subdomain(o.ClusterDomain); len(problems) > 0 {
		errs = append(errs, fmt.Errorf("--cluster-domain %q is not a domain name: %s", o.ClusterDomain, strings.Join(problems, "; ")))
	}
	if _, err := pki.ParseAlgorithm(string(o.Algorithm)); err != nil {
		errs = append(errs, fmt.Errorf("--key-algorithm: %w", err))
	}
	if o.LeafValidity < time.Hour {
		errs = append(errs, fmt.Errorf("--leaf-validity %s is too short: give at least 1h", o.LeafValidity))
	}
	if o.CAValidity < 3*o.LeafValidity {
		errs = append(errs, fmt.Errorf("--ca-validity %s is too short for certificates that are valid for %s: give at least three times that",
			o.CAValidity, o.LeafValidity))
	}
	for _, san := range o.ExtraSANs {
		if err := validSAN(san); err != nil {
			errs = append(errs, fmt.Errorf("--extra-san: %w", err))
		}
	}
	errs = append(errs, o.validateChanges()...)
	if o.ServicePort < 1 || o.ServicePort > 65535 {
		errs = append(errs, fmt.Errorf("--service-port %d is not a port", o.ServicePort))
	}
	return errors.Join(errs...)
}

// validateChanges checks what is asked of authorities that are there.
func (o Options) validateChanges() (errs []error) {
	for _, f := range []struct {
		flag  string
		kinds []Kind
	}{{"--rotate-ca", o.Rotate}, {"--distrust-ca", o.Distrust}} {
		for _, k := range f.kinds {
			if !slices.Contains(kinds, k) {
				errs = append(errs, fmt.Errorf("%s %q: choose among %s, %s, %s and %s", f.flag, k, Cluster, Etcd, FrontProxy, DNSEtcd))
			}
		}
		if len(f.kinds) > 0 && o.CheckOnly {
			errs = append(errs, fmt.Errorf("%s: with --check-only all certificates are your own, and so is their renewal", f.flag))
		}
	}
	for _, k := range o.Distrust {
		if slices.Contains(o.Rotate, k) {
			errs = append(errs, fmt.Errorf("--distrust-ca=%s: together with --rotate-ca=%s it would leave no authority to change from; "+
				"rotate first, and distrust when the new one signs", k, k))
		}
	}
	return errs
}

func validSAN(san string) error {
	if _, err := netip.ParseAddr(san); err == nil {
		return nil
	}
	if len(validation.IsDNS1123Subdomain(san)) == 0 || len(validation.IsWildcardDNS1123Subdomain(san)) == 0 {
		return nil
	}
	return fmt.Errorf("%q is neither an IP address nor a DNS name", san)
}
