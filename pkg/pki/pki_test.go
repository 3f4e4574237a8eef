package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const year = 365 * 24 * time.Hour

// at is a generator whose clock stands still.
func at(now time.Time) Generator { return Generator{Now: func() time.Time { return now }} }

func newAuthority(t *testing.T, g Generator) *Authority {
	t.Helper()
	ca, err := g.Authority(pkix.Name{CommonName: "federation-ca", Organization: []string{"test"}}, 10*year)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func newLeaf(t *testing.T, g Generator, want Leaf, ca *Authority) (Pair, []*x509.Certificate) {
	t.Helper()
	pair, err := g.Leaf(want, ca, year)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ParseBundle(pair.Cert)
	if err != nil {
		t.Fatal(err)
	}
	return pair, chain
}

var (
	server = Leaf{
		CommonName: "server", Usage: Server,
		DNSNames: []string{"api", "api.svc"}, IPs: []net.IP{net.ParseIP("10.0.0.1"), net.ParseIP("::1")},
	}
	client = Leaf{CommonName: "user", Organizations: []string{"group-a", "group-b"}, Usage: Client}
	peer   = Leaf{CommonName: "peer", Usage: Peer, DNSNames: []string{"etcd"}}
)
