package check

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/fedhelm/fedhelm/pkg/members"
)

// serverCertificate looks at what the member's API server shows at the address that the federation uses. Nothing but a TLS
// handshake is made: no credential leaves this machine.
func (m *member) serverCertificate(ctx context.Context) Outcome {
	secret, err := m.Host.Client.CoreV1().Secrets(m.Namespace).Get(ctx, m.secretName(), metav1.GetOptions{})
	if err != nil {
		return unseen(err, "read Secret %q in namespace %q", m.secretName(), m.Namespace)
	}
	credential, err := members.ReadCredential(secret)
	if err != nil {
		return skipped("Secret %q holds no credential", secret.Name)
	}
	entries := m.Cluster.Spec.ServerAddressByClientCIDRs
	address, err := members.ServerAddress(entries, netip.Addr{})
	if err != nil { // every entry has a range; from here any is worth a try
		address, err = members.ServerAddress(entries, firstRange(entries[0].ClientCIDR))
	}
	if err != nil {
		return failure(m.describe(), "%v", err)
	}
	server, err := url.Parse(address)
	if err != nil {
		return failure(m.describe(), "address %q of Cluster %q: %v", address, m.Name, err)
	}
	name := cmp.Or(credential.TLSServerName, server.Hostname())
	shown, err := handshake(ctx, server, name)
	if err != nil {
		return skipped("%s cannot be reached from this machine: %s", address, brief(err))
	}
	return m.judgeServerCertificate(shown, credential.CA, name, time.Now())
}

// firstRange is an address in the range; zero if it is none.
func firstRange(cidr string) netip.Addr {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Addr{}
	}
	return prefix.Addr()
}

// handshake returns the certificates that a server shows when it is asked for a name, whatever they are worth.
func handshake(ctx context.Context, server *url.URL, name string) ([]*x509.Certificate, error) {
	port := server.Port()
	if port == "" {
		port = "443"
	}
	dialer := tls.Dialer{Config: &tls.Config{
		ServerName:         name,
		InsecureSkipVerify: true, //nolint:gosec // judgeServerCertificate verifies what is shown, and nothing is sent
	}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(server.Hostname(), port))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState() //nolint:forcetypeassert // tls.Dialer says that it is one
	if len(state.PeerCertificates) == 0 {
		return nil, errors.New("the server shows no certificate")
	}
	return state.PeerCertificates, nil
}

// judgeServerCertificate verifies the chain by the authority in the Secret, as the controller manager does.
func (m *member) judgeServerCertificate(shown []*x509.Certificate, authority []byte, name string, now time.Time) Outcome {
	leaf := shown[0]
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	const renew = "renew the certificate of the member's API server (with kubeadm: kubeadm certs renew apiserver)"
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: name, CurrentTime: now})
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
	)
	switch {
	case errors.As(err, &unknown):
		return failure(m.join("--refresh"), "it is signed by an authority that the member's Secret does not have")
	case errors.As(err, &hostname):
		return failure(m.join("--refresh", "--cluster-endpoint=https://HOST:PORT")+"  # with an address that it names", "%v", hostname)
	case now.After(leaf.NotAfter):
		return failure(renew, "it expired on %s", day(leaf.NotAfter))
	case err != nil:
		return failure(renew, "%v", err)
	case remainingLife(leaf.NotBefore, leaf.NotAfter, now) == lifeEnding:
		return warning(renew, "it expires in %s", duration.HumanDuration(leaf.NotAfter.Sub(now)))
	default:
		return ok("it is valid for %s, and the authority in the Secret vouches for it", duration.HumanDuration(leaf.NotAfter.Sub(now)))
	}
}
