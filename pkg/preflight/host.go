package preflight

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
)

// MinVersion is the oldest Kubernetes that a host cluster may run; the chart's kubeVersion says the same.
const MinVersion = "1.29"

const anonymous = "system:anonymous"

func (o InitOptions) hostAPI(ctx context.Context) error {
	me, err := o.Client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) || err == nil && me.Status.UserInfo.Username == anonymous {
		// A client certificate that is not trusted makes an anonymous user, no error.
		return o.unauthorized()
	}
	if apierrors.IsNotFound(err) {
		return nil // it is too old to tell; host-version says what there is to say
	}
	if err != nil {
		return o.unreachable(err)
	}
	return nil
}

func (o InitOptions) unauthorized() *Problem {
	return &Problem{
		Reason: fmt.Sprintf("the API server at %s does not accept the credentials of context %q", o.Server, o.Context),
		WayOut: fmt.Sprintf("they may have expired: log in again and try: kubectl --context=%s auth whoami", o.Context),
	}
}

// unreachable tells why a request had no answer.
func (o InitOptions) unreachable(err error) *Problem {
	var (
		dns       *net.DNSError
		network   net.Error
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	contextHint := fmt.Sprintf("check the address in context %q, or choose another with --host-cluster-context", o.Context)
	switch {
	case apierrors.IsUnauthorized(err):
		return o.unauthorized()
	case errors.As(err, &dns):
		return &Problem{Reason: fmt.Sprintf("the name %q of the API server cannot be looked up", dns.Name), WayOut: contextHint}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Problem{Reason: "nothing listens at " + o.Server, WayOut: "is the cluster running? " + contextHint}
	case errors.As(err, &authority):
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is signed by an authority that context %q does not know", o.Server, o.Context),
			WayOut: "fetch the cluster's kubeconfig again: it may have been set up anew, or something else answers at this address",
		}
	case errors.As(err, &hostname):
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is for other names: %v", o.Server, hostname),
			WayOut: "use an address that it names, or set tls-server-name in the kubeconfig",
		}
	case errors.As(err, &invalid):
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is not valid: %v", o.Server, invalid),
			WayOut: "compare the clocks, or renew the certificates of the host cluster",
		}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return &Problem{Reason: fmt.Sprintf("what answers at %s does not speak TLS", o.Server), WayOut: contextHint}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return &Problem{
			Reason: fmt.Sprintf("the API server at %s does not answer within %s", o.Server, checkTimeout),
			WayOut: "is there a VPN or a proxy on the way? " + contextHint,
		}
	}
	return &Problem{Reason: fmt.Sprintf("the API server at %s cannot be asked: %v", o.Server, err), WayOut: contextHint}
}

func (o InitOptions) hostVersion(context.Context) error {
	info, err := o.Client.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	have, err := version.ParseGeneric(info.GitVersion)
	if err != nil {
		return fmt.Errorf("version of the host cluster: %w", err)
	}
	if have.LessThan(version.MustParseGeneric(MinVersion)) {
		return &Problem{
			Reason: fmt.Sprintf("the host cluster runs Kubernetes %s, the oldest supported is %s", info.GitVersion, MinVersion),
			WayOut: "upgrade it, or choose another with --host-cluster-context",
		}
	}
	return nil
}

func (o InitOptions) namespace(ctx context.Context) error {
	ns, err := o.Client.CoreV1().Namespaces().Get(ctx, o.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil // it is made, which the permissions check looks at; or it cannot be seen
	}
	if err != nil {
		return err
	}
	if ns.Status.Phase == corev1.NamespaceTerminating {
		return &Problem{
			Reason: fmt.Sprintf("namespace %q is being deleted", o.Namespace),
			WayOut: fmt.Sprintf("wait for it: kubectl --context=%s wait --for=delete namespace/%s", o.Context, o.Namespace),
		}
	}
	return nil
}
