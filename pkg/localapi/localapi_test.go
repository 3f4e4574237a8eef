package localapi_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/localapi"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestAServerAtAnAddressKnowsTheClient(t *testing.T) {
	ca := certs.CA(t, "cluster-ca")
	serving := ca.Server(t, "localhost")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.TLS.PeerCertificates[0].Subject.CommonName; got != "proxy" {
			t.Errorf("the client is %q", got)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	server.TLS = &tls.Config{
		MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool(),
		Certificates: []tls.Certificate{{Certificate: [][]byte{serving.Cert.Raw}, PrivateKey: serving.Key}},
	}
	server.StartTLS()
	defer server.Close()
	client := ca.Client(t, "proxy")
	config, err := localapi.TLS(ca.CertPEM(), client.CertPEM(), client.KeyPEM(t))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: config}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestFilesThatDoNotFitAreRefused(t *testing.T) {
	ca := certs.CA(t, "cluster-ca")
	one, other := ca.Client(t, "one"), ca.Client(t, "other")
	for name, tt := range map[string]struct {
		ca, cert, key []byte
		want          string
	}{
		"no CA":              {ca: []byte("nonsense"), cert: one.CertPEM(), key: one.KeyPEM(t), want: "no certificate found"},
		"the key of another": {ca: ca.CertPEM(), cert: one.CertPEM(), key: other.KeyPEM(t), want: "client certificate and key"},
	} {
		if _, err := localapi.TLS(tt.ca, tt.cert, tt.key); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: TLS = %v, want an error with %q", name, err, tt.want)
		}
	}
}
