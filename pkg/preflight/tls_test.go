package preflight

import (
	"crypto/tls"
	"io"
	"log"
	"net/http/httptest"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// serveTLS presents a certificate until the test ends, and returns where.
func serveTLS(t *testing.T, pair *certs.Pair) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // who looks at a certificate alone breaks the handshake off
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
