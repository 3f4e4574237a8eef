package pki

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestOutdated(t *testing.T) {
	g := at(start)
	ca, other := newAuthority(t, g), newAuthority(t, g)
	pair, _ := newLeaf(t, g, server, ca)
	second, _ := newLeaf(t, g, server, ca)
	asClient, _ := newLeaf(t, g, Leaf{CommonName: server.CommonName, DNSNames: server.DNSNames, IPs: server.IPs}, ca)
	asPeer := server
	asPeer.Usage = Peer
	both, _ := newLeaf(t, g, asPeer, ca)

	with := func(change func(*Leaf)) Leaf {
		l := server
		change(&l)
		return l
	}
	soon := start.Add(year / 2)
	tests := []struct {
		name      string
		pair      Pair
		want      Leaf
		ca        *Authority
		algorithm Algorithm
		at        time.Time
		reason    string // part of it; "" means keep
	}{
		{"what is as wanted is kept", pair, server, ca, ECDSA, soon, ""},
		{"any algorithm will do if none is asked for", pair, server, ca, "", soon, ""},
		{"names in another order are the same names", pair, with(func(l *Leaf) { l.DNSNames = []string{"api.svc", "api"} }), ca, ECDSA, soon, ""},
		{"nothing there", Pair{}, server, ca, ECDSA, soon, "missing"},
		{"a key without its certificate", Pair{Key: pair.Key}, server, ca, ECDSA, soon, "missing"},
		{"a certificate that cannot be read", Pair{Cert: []byte("x"), Key: pair.Key}, server, ca, ECDSA, soon, "no certificate"},
		{"a key that cannot be read", Pair{Cert: pair.Cert, Key: []byte("x")}, server, ca, ECDSA, soon, "no private key"},
		{"the key of another certificate", Pair{Cert: pair.Cert, Key: second.Key}, server, ca, ECDSA, soon, "another certificate"},
		{"another name", pair, with(func(l *Leaf) { l.CommonName = "x" }), ca, ECDSA, soon, `want "x"`},
		{"another group", pair, with(func(l *Leaf) { l.Organizations = []string{"g"} }), ca, ECDSA, soon, "organizations"},
		{"a name more", pair, with(func(l *Leaf) { l.DNSNames = append([]string{"new.example.com"}, l.DNSNames...) }), ca, ECDSA, soon, "new.example.com"},
		{"an address more", pair, with(func(l *Leaf) { l.IPs = append([]net.IP{net.ParseIP("192.0.2.1")}, l.IPs...) }), ca, ECDSA, soon, "192.0.2.1"},
		{"a name less", pair, with(func(l *Leaf) { l.DNSNames = l.DNSNames[:1] }), ca, ECDSA, soon, "no longer"},
		{"a usage too little", asClient, server, ca, ECDSA, soon, "serverAuth"},
		{"a usage too much", both, server, ca, ECDSA, soon, "usages"},
		{"another authority of the same name", pair, server, other, ECDSA, soon, "authority"},
		{"another algorithm", pair, server, ca, RSA, soon, "want rsa"},
		{"not yet two thirds of its life", pair, server, ca, ECDSA, start.Add(year*2/3 - time.Hour), ""},
		{"two thirds of its life", pair, server, ca, ECDSA, start.Add(year * 2 / 3), "two thirds"},
		{"expired", pair, server, ca, ECDSA, start.Add(year), "expired"},
		{"from the future", pair, server, ca, ECDSA, start.Add(-time.Hour), "not valid before"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Outdated(tt.pair, tt.want, tt.ca.Cert, tt.algorithm, tt.at)
			if (got == "") != (tt.reason == "") || !strings.Contains(got, tt.reason) {
				t.Errorf("Outdated = %q, want %q", got, tt.reason)
			}
		})
	}
}

func TestMismatchAllowsMoreThanWanted(t *testing.T) {
	g := at(start)
	generous := server
	generous.Usage = Peer
	generous.DNSNames = append([]string{"more.example.com"}, server.DNSNames...)
	pair, _ := newLeaf(t, g, generous, newAuthority(t, g))
	if why := Mismatch(pair, server); why != "" {
		t.Errorf("Mismatch = %q", why)
	}
}
