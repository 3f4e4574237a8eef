package check

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestServerCertificate(t *testing.T) {
	ca, foreign := certs.CA(t, "gondor"), certs.CA(t, "mordor")
	leaf := ca.Server(t, "gondor.example").Cert
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	tests := []struct {
		name string
		ca   *certs.Pair
		host string
		now  time.Time
		want expected
	}{
		{name: "it is good", ca: ca, host: "gondor.example", now: leaf.NotBefore.Add(life / 2), want: expected{level: OK, text: "the authority in the Secret vouches for it"}},
		{name: "another authority signed it", ca: foreign, host: "gondor.example", now: leaf.NotBefore.Add(life / 2), want: expected{level: Failure, text: "an authority that the member's Secret does not have", mend: "--refresh"}},
		{name: "it is for another name", ca: ca, host: "rohan.example", now: leaf.NotBefore.Add(life / 2), want: expected{level: Failure, text: "rohan.example", mend: "--cluster-endpoint"}},
		{name: "it has expired", ca: ca, host: "gondor.example", now: leaf.NotAfter.Add(time.Minute), want: expected{level: Failure, text: "it expired on", mend: "kubeadm certs renew apiserver"}},
		{name: "it is about to expire", ca: ca, host: "gondor.example", now: leaf.NotAfter.Add(-life / 7), want: expected{level: Warning, text: "it expires in", mend: "kubeadm certs renew apiserver"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, gondor(nil).judgeServerCertificate([]*x509.Certificate{leaf}, tt.ca.CertPEM(), tt.host, tt.now))
		})
	}
}

func TestServerCertificateIsThatOfTheRegisteredAddress(t *testing.T) {
	ca := certs.CA(t, "gondor")
	pair := ca.Server(t, "gondor.example", "127.0.0.1")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request was made: %s", r.URL)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}}}
	server.StartTLS()
	defer server.Close()

	secret := memberSecret(t, "t")
	secret.Data["ca.crt"] = ca.CertPEM()
	at := func(entry fedv1beta1.ServerAddressByClientCIDR) Outcome {
		m := gondor(nil, secret)
		m.Cluster.Spec.ServerAddressByClientCIDRs = []fedv1beta1.ServerAddressByClientCIDR{entry}
		return m.serverCertificate(t.Context())
	}
	expected{level: OK, text: "vouches for it"}.check(t, at(fedv1beta1.ServerAddressByClientCIDR{ServerAddress: server.URL}))
	expected{level: OK}.check(t, at(fedv1beta1.ServerAddressByClientCIDR{ServerAddress: server.Listener.Addr().String(), ClientCIDR: "10.0.0.0/8"}))

	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := nobody.Addr().String()
	_ = nobody.Close()
	expected{level: Skipped, text: "https://" + gone + " cannot be reached from this machine"}.check(t, at(fedv1beta1.ServerAddressByClientCIDR{ServerAddress: gone}))
}
