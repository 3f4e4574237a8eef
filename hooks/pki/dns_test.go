package pki

import (
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

var ofDNS = []string{secrets.DNSEtcd, secrets.DNSServer, secrets.DNSClient}

func noDNS(o *Options) { o.DNSEtcd = false }

func TestWithoutADNSServerNothingIsMadeForOne(t *testing.T) {
	w := newWorld(t)
	w.run(noDNS)
	for _, which := range ofDNS {
		if w.secrets.All()[secrets.Name("fellowship", which)] != nil {
			t.Errorf("%s was made", which)
		}
	}
	if _, there := w.data(secrets.CA)[DNSEtcd.certKey()]; there {
		t.Error("its authority was made")
	}
}

// The server comes with an upgrade, goes with another and comes back.
func TestADNSServerThatComesLaterIsNotRolled(t *testing.T) {
	w := newWorld(t)
	w.run(noDNS)
	w.workloads.Add("fellowship-apiserver", "fellowship-controller-manager", "fellowship-etcd")
	w.run()
	authority := w.data(secrets.CA)[DNSEtcd.certKey()]
	w.workloads.Add("fellowship-dns", "fellowship-dns-etcd")
	w.now = w.now.Add(oneDay)
	w.run()
	w.run(noDNS)
	w.run()
	if n := total(w.workloads.Patched()); n != 0 {
		t.Errorf("pods were rolled: %v", w.workloads.Patched())
	}
	if string(authority) != string(w.data(secrets.CA)[DNSEtcd.certKey()]) {
		t.Error("the authority was replaced meanwhile")
	}
}

func TestCoreDNSIsRolledForANewCertificate(t *testing.T) {
	w := running(t)
	before := w.cert(secrets.DNSServer, "client.crt").SerialNumber.String()
	w.now = w.now.Add(244 * oneDay)
	w.run()
	w.workloads.Rollout()
	w.run()
	if w.cert(secrets.DNSServer, "client.crt").SerialNumber.String() == before {
		t.Fatal("the certificate was not renewed")
	}
	if rolled := w.workloads.Patched(); rolled["fellowship-dns"] != 1 || total(rolled) != 1 {
		t.Errorf("pods were rolled: %v, want those of CoreDNS, once", rolled)
	}
}

func TestTheDNSServerTrustsNoOtherAuthority(t *testing.T) {
	w := installed(t)
	for _, which := range ofDNS {
		if len(w.bundle(which, "ca.crt")) != 1 || !w.cert(which, "ca.crt").Equal(w.cert(secrets.CA, DNSEtcd.certKey())) {
			t.Errorf("%s trusts others than the authority of the DNS server's etcd", which)
		}
	}
	if w.cert(secrets.CA, DNSEtcd.certKey()).Equal(w.cert(secrets.CA, Etcd.certKey())) {
		t.Error("both etcds have one authority")
	}
	for _, host := range []string{
		"fellowship-dns-etcd-client.federation-system.svc", "fellowship-dns-etcd-2.fellowship-dns-etcd.federation-system.svc",
	} {
		if err := w.cert(secrets.DNSEtcd, "server.crt").VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if user := w.cert(secrets.DNSClient, "client.crt").Subject.CommonName; user != "federation-controller-manager" {
		t.Errorf("records are written by %q", user)
	}
}

func TestOwnCertificatesOfADNSServerAreChecked(t *testing.T) {
	w := installed(t)
	w.run(func(o *Options) { o.CheckOnly = true })
	w.secrets.Remove("fellowship-dns-client-certs")
	err := Run(t.Context(), w.with(func(o *Options) { o.CheckOnly = true }))
	if err == nil || !strings.Contains(err.Error(), "secret federation-system/fellowship-dns-client-certs does not exist") {
		t.Errorf("Run = %v", err)
	}
}
