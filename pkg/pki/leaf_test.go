package pki

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

func TestLeafIsGoodForItsUseAndNoOther(t *testing.T) {
	const sign, encipher = x509.KeyUsageDigitalSignature, x509.KeyUsageKeyEncipherment
	tests := []struct {
		name      string
		algorithm Algorithm
		want      Leaf
		usages    []Usage // it is accepted for
		keyUsage  x509.KeyUsage
	}{
		{"an ECDSA server only signs", ECDSA, server, []Usage{Server}, sign},
		{"an ECDSA client only signs", ECDSA, client, []Usage{Client}, sign},
		{"an etcd peer is server and client", ECDSA, peer, []Usage{Server, Client, Peer}, sign},
		{"an RSA server may also exchange keys", RSA, server, []Usage{Server}, sign | encipher},
		{"an RSA client only signs", RSA, client, []Usage{Client}, sign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := at(start)
			g.Algorithm = tt.algorithm
			ca := newAuthority(t, g)
			pair, chain := newLeaf(t, g, tt.want, ca)
			for _, usage := range []Usage{Client, Server, Peer} {
				err := Verify(chain, []*x509.Certificate{ca.Cert}, usage, start)
				if accepted := err == nil; accepted != slices.Contains(tt.usages, usage) {
					t.Errorf("accepted for usage %d: %t (%v)", usage, accepted, err)
				}
			}
			if chain[0].KeyUsage != tt.keyUsage {
				t.Errorf("key usage = %b, want %b", chain[0].KeyUsage, tt.keyUsage)
			}
			if chain[0].IsCA {
				t.Error("it may sign others")
			}
			if _, err := tls.X509KeyPair(pair.Cert, pair.Key); err != nil {
				t.Errorf("crypto/tls does not take it: %v", err)
			}
			if algorithmOf(chain[0].PublicKey) != tt.algorithm {
				t.Errorf("its key is a %T", chain[0].PublicKey)
			}
		})
	}
}

func TestLeafNamesItsHolder(t *testing.T) {
	g := at(start)
	ca := newAuthority(t, g)
	_, chain := newLeaf(t, g, server, ca)
	for _, name := range []string{"api", "api.svc", "10.0.0.1", "::1"} {
		if err := chain[0].VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if err := chain[0].VerifyHostname("other"); err == nil {
		t.Error("it is also accepted as other")
	}
	_, chain = newLeaf(t, g, client, ca)
	if s := chain[0].Subject; s.CommonName != "user" || !slices.Equal(s.Organization, client.Organizations) {
		t.Errorf("subject is %s", s)
	}
}

func TestLeafIsValidFromALittleBeforeNow(t *testing.T) {
	g := at(start)
	ca := newAuthority(t, g)
	_, chain := newLeaf(t, g, client, ca)
	roots := []*x509.Certificate{ca.Cert}
	tests := []struct {
		name  string
		at    time.Time
		valid bool
	}{
		{"a clock that is four minutes behind accepts it", start.Add(-4 * time.Minute), true},
		{"a clock that is six minutes behind does not", start.Add(-6 * time.Minute), false},
		{"it is valid to the last second", start.Add(year), true},
		{"and not longer", start.Add(year + time.Second), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Verify(chain, roots, Client, tt.at); (err == nil) != tt.valid {
				t.Errorf("Verify = %v", err)
			}
		})
	}
}

func TestLeafDoesNotOutliveItsAuthority(t *testing.T) {
	ca := newAuthority(t, at(start))
	late := start.Add(10*year - 24*time.Hour)
	_, chain := newLeaf(t, at(late), client, ca)
	if !chain[0].NotAfter.Equal(ca.Cert.NotAfter) {
		t.Errorf("valid until %s, its authority until %s", chain[0].NotAfter, ca.Cert.NotAfter)
	}
	if _, err := at(start.Add(10*year)).Leaf(client, ca, year); err == nil {
		t.Error("an expired authority signed")
	}
}

func TestAuthorityOnlySignsCertificates(t *testing.T) {
	for _, algorithm := range []Algorithm{ECDSA, RSA} {
		t.Run(string(algorithm), func(t *testing.T) {
			g := at(start)
			g.Algorithm = algorithm
			c := newAuthority(t, g).Cert
			if !c.IsCA || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || len(c.ExtKeyUsage) > 0 {
				t.Errorf("IsCA %t, key usage %b, extended %v", c.IsCA, c.KeyUsage, c.ExtKeyUsage)
			}
			if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
				t.Errorf("the RSA key has only %d bits", key.N.BitLen())
			}
		})
	}
}

func TestCertificatesAreLinkedByKeyIdentifier(t *testing.T) {
	g := at(start)
	ca := newAuthority(t, g)
	_, a := newLeaf(t, g, client, ca)
	_, b := newLeaf(t, g, client, ca)
	if len(ca.Cert.SubjectKeyId) == 0 || !bytes.Equal(a[0].AuthorityKeyId, ca.Cert.SubjectKeyId) {
		t.Errorf("leaf names issuer key %x, the authority's is %x", a[0].AuthorityKeyId, ca.Cert.SubjectKeyId)
	}
	if bytes.Equal(a[0].SubjectKeyId, b[0].SubjectKeyId) {
		t.Error("two leaves have the same key")
	}
	if a[0].SerialNumber.Cmp(b[0].SerialNumber) == 0 || a[0].SerialNumber.BitLen() < 64 || a[0].SerialNumber.BitLen() > 128 {
		t.Errorf("serial numbers %s and %s", a[0].SerialNumber, b[0].SerialNumber)
	}
}

func TestSerialNumbersComeFromTheGivenSource(t *testing.T) {
	g := at(start)
	g.Rand = bytes.NewReader(nil)
	if _, err := g.Leaf(client, newAuthority(t, at(start)), year); err == nil {
		t.Error("a certificate was made although the random source is empty")
	}
}

func TestCrossLetsOldRootsTrustNewLeaves(t *testing.T) {
	g := at(start)
	old := newAuthority(t, g)
	g = at(start.Add(7 * year))
	next := newAuthority(t, g)
	_, plain := newLeaf(t, g, server, next)
	cross, err := g.Cross(old, next)
	if err != nil {
		t.Fatal(err)
	}
	next.Chain = []*x509.Certificate{cross}
	_, chain := newLeaf(t, g, server, next)

	now, end := start.Add(7*year), old.Cert.NotAfter
	onlyOld, onlyNew := []*x509.Certificate{old.Cert}, []*x509.Certificate{next.Cert}
	tests := []struct {
		name    string
		chain   []*x509.Certificate
		roots   []*x509.Certificate
		at      time.Time
		trusted bool
	}{
		{"without the bridge the old root does not trust the leaf", plain, onlyOld, now, false},
		{"with it the old root does", chain, onlyOld, now, true},
		{"the new root needs no bridge", chain, onlyNew, now, true},
		{"the bridge ends with the old root", chain, onlyOld, end.Add(time.Second), false},
		{"both roots in one bundle, in either order", chain, append(onlyOld, next.Cert), now, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := Verify(tt.chain, tt.roots, Server, tt.at); (err == nil) != tt.trusted {
				t.Errorf("Verify = %v", err)
			}
		})
	}
}
