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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// target is a cluster that a command is about to write to.
type target struct {
	client  kubernetes.Interface
	context string // of the kubeconfig
	server  string // URL
	flag    string // that chooses another
	noun    string // what it is called
}

const anonymous = "system:anonymous"

// answers tells whether the API server answers, and knows who asks.
func (t target) answers(ctx context.Context) error {
	me, err := t.client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) || err == nil && me.Status.UserInfo.Username == anonymous {
		// A client certificate that is not trusted makes an anonymous user, no error.
		return t.unauthorized()
	}
	if apierrors.IsNotFound(err) {
		return nil // it is too old to tell; the check of its version says what there is to say
	}
	if err != nil {
		return t.unreachable(err)
	}
	return nil
}

func (t target) unauthorized() *Problem {
	return &Problem{
		Reason: fmt.Sprintf("the API server at %s does not accept the credentials of context %q", t.server, t.context),
		WayOut: fmt.Sprintf("they may have expired: log in again and try: kubectl --context=%s auth whoami", t.context),
	}
}

// unreachable tells why a request had no answer.
func (t target) unreachable(err error) *Problem {
	var (
		dns       *net.DNSError
		network   net.Error
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	contextHint := fmt.Sprintf("check the address in context %q, or choose another with %s", t.context, t.flag)
	switch {
	case apierrors.IsUnauthorized(err):
		return t.unauthorized()
	case errors.As(err, &dns):
		return &Problem{Reason: fmt.Sprintf("the name %q of the API server cannot be looked up", dns.Name), WayOut: contextHint}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Problem{Reason: "nothing listens at " + t.server, WayOut: "is the cluster running? " + contextHint}
	case errors.As(err, &authority):
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is signed by an authority that context %q does not know", t.server, t.context),
			WayOut: "fetch the cluster's kubeconfig again: it may have been set up anew, or something else answers at this address",
		}
	case errors.As(err, &hostname):
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is for other names: %v", t.server, hostname),
			WayOut: "use an address that it names, or set tls-server-name in the kubeconfig",
		}
	case errors.As(err, &invalid):
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is not valid: %v", t.server, invalid),
			WayOut: "compare the clocks, or renew the certificates of the " + t.noun,
		}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return &Problem{Reason: fmt.Sprintf("what answers at %s does not speak TLS", t.server), WayOut: contextHint}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return &Problem{
			Reason: fmt.Sprintf("the API server at %s does not answer within %s", t.server, checkTimeout),
			WayOut: "is there a VPN or a proxy on the way? " + contextHint,
		}
	}
	return &Problem{Reason: fmt.Sprintf("the API server at %s cannot be asked: %v", t.server, err), WayOut: contextHint}
}
