package preflight

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Authority finds the certificate authority with which the federation verifies the member's API server.
type Authority struct {
	Endpoint   string // URL at which the federation reaches it
	ServerName string // what its certificate must name; "": the host of Endpoint

	Given []byte   // by the user, PEM; nil: it is found
	Known [][]byte // those that verified it elsewhere or earlier, PEM, the likeliest first; nil ones are passed over
	// Strict leaves out the authorities that this machine trusts: they vouch for everybody in the world, so they are for an address
	// alone that the user chose and verifies by them as well.
	Strict bool
	// Published reads the authority that the cluster itself publishes to its pods.
	Published func(ctx context.Context) ([]byte, error)
	// Dial connects; nil: as the network does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// presentLimit is how long the member may take to present its certificate.
const presentLimit = 5 * time.Second

const giveCA = "give the one that signed it with --cluster-ca=FILE"

// Find returns the authority, PEM. What is wrong is a *Problem; one that is a warning comes together with the authority.
func (a Authority) Find(ctx context.Context) ([]byte, error) {
	candidates := a.candidates()
	chain, err := a.present(ctx)
	switch {
	case err != nil && len(candidates) == 0:
		return nil, &Problem{
			Reason: fmt.Sprintf("%s cannot be reached from here (%v), so that there is no telling which authority signed its certificate", a.Endpoint, err),
			WayOut: giveCA,
		}
	case err != nil:
		return candidates[0], &Problem{
			Reason:  fmt.Sprintf("%s cannot be reached from here (%v): whether its certificate is good is for the controller manager to find out", a.Endpoint, err),
			Warning: true,
		}
	}
	for _, candidate := range candidates {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(candidate)
		if _, err = a.verify(chain, pool); err == nil {
			return candidate, nil
		}
	}
	if a.Given != nil {
		return nil, a.rejected(chain, err)
	}
	found, searchErr := a.search(ctx, chain)
	if searchErr != nil { // what the likeliest of them had against it tells more
		return nil, a.rejected(chain, cmp.Or(err, searchErr))
	}
	return found, nil
}

func (a Authority) candidates() [][]byte {
	if a.Given != nil {
		return [][]byte{a.Given}
	}
	return slices.DeleteFunc(slices.Clone(a.Known), func(known []byte) bool { return len(known) == 0 })
}

// search tries what the cluster publishes, then the authorities that this machine trusts.
func (a Authority) search(ctx context.Context, chain []*x509.Certificate) ([]byte, error) {
	published, err := a.Published(ctx)
	if err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(published)
		if _, err = a.verify(chain, pool); err == nil {
			return published, nil
		}
	}
	if a.Strict {
		return nil, err
	}
	root, systemErr := a.verify(chain, nil)
	if systemErr != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}), nil
}

// present returns the certificates that the server shows, its own first. They are not verified yet.
func (a Authority) present(ctx context.Context) ([]*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, presentLimit)
	defer cancel()
	u, err := url.Parse(a.Endpoint)
	if err != nil {
		return nil, err
	}
	dial := a.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443")))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	server := tls.Client(conn, &tls.Config{
		ServerName:         a.name(),
		InsecureSkipVerify: true, //nolint:gosec // nothing is sent; which authority verifies it is what is to be found out
		MinVersion:         tls.VersionTLS12,
	})
	if err := server.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return server.ConnectionState().PeerCertificates, nil
}

func (a Authority) name() string {
	if a.ServerName != "" {
		return a.ServerName
	}
	u, err := url.Parse(a.Endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// verify returns the root that vouches for the server; nil roots are those of this machine.
func (a Authority) verify(chain []*x509.Certificate, roots *x509.CertPool) (*x509.Certificate, error) {
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	verified, err := chain[0].Verify(x509.VerifyOptions{DNSName: a.name(), Roots: roots, Intermediates: intermediates})
	if err != nil {
		return nil, err
	}
	return verified[0][len(verified[0])-1], nil
}

// rejected says why the server is not to be trusted.
func (a Authority) rejected(chain []*x509.Certificate, err error) *Problem {
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &hostname):
		names := chain[0].DNSNames
		for _, ip := range chain[0].IPAddresses {
			names = append(names, ip.String())
		}
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s is not for %q, it names: %s", a.Endpoint, a.name(), strings.Join(names, ", ")),
			WayOut: "use one of these with --cluster-endpoint, or set tls-server-name in the kubeconfig",
		}
	case errors.As(err, &invalid):
		return &Problem{Reason: fmt.Sprintf("the certificate of %s is not valid: %v", a.Endpoint, invalid), WayOut: "renew it, or compare the clocks"}
	default:
		return &Problem{
			Reason: fmt.Sprintf("the certificate of %s, issued by %q, is not verified by the certificate authority at hand: %v", a.Endpoint, chain[0].Issuer, err),
			WayOut: giveCA,
		}
	}
}
