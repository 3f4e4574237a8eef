//go:build e2e

package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/fedhelm/fedhelm/pkg/pki"
)

// TestCertificates checks every certificate of a federation. Then it moves the clock for two of them, by putting such in place as were made
// long ago: the serving one has expired, the administrator's has used two thirds of its life. The renewal heals both, leaves the others
// alone, and neither pods nor clients are restarted.
func TestCertificates(t *testing.T) {
	s := newSandbox(t)
	s.fedhelm("init", "fellowship", "--api-server-service-type=NodePort", "--set=controlPlane.apiServer.service.extraSANs={council.example.com}")
	s.ready("fellowship")
	s.remember("fellowship")
	for _, c := range []struct {
		secret, cert, ca string
		usage            pki.Usage
		names            []string
	}{
		{"apiserver-certs", "server.crt", "ca.crt", pki.Server, []string{
			"fellowship-apiserver", "fellowship-apiserver." + s.namespace + ".svc", "fellowship-apiserver." + s.namespace + ".svc.cluster.local",
			"kubernetes.default.svc", "localhost", "127.0.0.1", "10.0.0.1", "council.example.com", s.nodeAddress(),
		}},
		{"apiserver-certs", "etcd-client.crt", "etcd-ca.crt", pki.Client, nil},
		{"apiserver-certs", "front-proxy-client.crt", "front-proxy-ca.crt", pki.Client, nil},
		{"apiserver-health-certs", "client.crt", "ca.crt", pki.Client, nil},
		{"etcd-certs", "server.crt", "ca.crt", pki.Server, []string{"fellowship-etcd-0.fellowship-etcd." + s.namespace + ".svc", "localhost"}},
		{"etcd-certs", "peer.crt", "ca.crt", pki.Peer, []string{"fellowship-etcd-0.fellowship-etcd." + s.namespace + ".svc"}},
		{"controller-manager-certs", "client.crt", "ca.crt", pki.Client, nil},
		{"kube-controller-manager-certs", "client.crt", "ca.crt", pki.Client, nil},
		{"bootstrap-certs", "client.crt", "ca.crt", pki.Client, nil},
		{"admin-certs", "client.crt", "ca.crt", pki.Client, nil},
	} {
		data := s.secret("fellowship-" + c.secret)
		chain, roots := s.certificates(data[c.cert]), s.certificates(data[c.ca])
		if err := pki.Verify(chain, roots, c.usage, time.Now()); err != nil {
			t.Errorf("%s of %s: %v", c.cert, c.secret, err)
		}
		for _, other := range []pki.Usage{pki.Client, pki.Server} {
			if c.usage != pki.Peer && c.usage != other && pki.Verify(chain, roots, other, time.Now()) == nil {
				t.Errorf("%s of %s is good for more than it is for", c.cert, c.secret)
			}
		}
		for _, name := range c.names {
			if err := chain[0].VerifyHostname(name); err != nil {
				t.Errorf("%s of %s: %v", c.cert, c.secret, err)
			}
		}
		if left := time.Until(chain[0].NotAfter); left < 364*24*time.Hour || left > 366*24*time.Hour {
			t.Errorf("%s of %s is valid for %s", c.cert, c.secret, left)
		}
	}

	pods := s.pods("fellowship", "apiserver") + s.pods("fellowship", "etcd") + s.pods("fellowship", "controller-manager")
	kept := s.secret("fellowship-controller-manager-certs")["client.crt"]
	watching := s.listens("fellowship")
	expired := s.age("fellowship-apiserver-certs", "server", pki.Server, 366*24*time.Hour)
	due := s.age("fellowship-admin-certs", "client", pki.Client, 250*24*time.Hour)
	s.eventually(4*time.Minute, "the API server serves the expired certificate", func() error { return s.serving(expired.Equal) })
	s.host("create", "job", "--from=cronjob/fellowship-renew", "renew-now")
	s.host("wait", "--for=condition=Complete", "job/renew-now", "--timeout=2m")
	if renewed := s.certificates(s.secret("fellowship-admin-certs")["client.crt"])[0]; renewed.Equal(due) {
		t.Error("a certificate that has used two thirds of its life was not renewed")
	}
	if !bytes.Equal(kept, s.secret("fellowship-controller-manager-certs")["client.crt"]) {
		t.Error("a certificate that is good for long was renewed")
	}
	s.eventually(4*time.Minute, "the API server serves a good certificate", func() error {
		return s.serving(func(c *x509.Certificate) bool { return time.Now().Before(c.NotAfter) })
	})
	s.remembers("fellowship")
	if now := s.pods("fellowship", "apiserver") + s.pods("fellowship", "etcd") + s.pods("fellowship", "controller-manager"); now != pods {
		t.Errorf("the renewal restarted pods:\n%s\nbefore:\n%s", now, pods)
	}
	s.kubectl("fellowship", "create", "configmap", "renewed")
	s.sees(watching, "renewed")
	s.host("delete", "job", "renew-now")
	s.purge("fellowship")
}

// listens is what a client of the federation API hears of the ConfigMaps of its default namespace.
func (s *sandbox) listens(federation string) <-chan watch.Event {
	s.Helper()
	c, err := connect(s.kubeconfig, federation)
	if err != nil {
		s.Fatal(err)
	}
	w, err := c.client.CoreV1().ConfigMaps(metav1.NamespaceDefault).Watch(s.Context(), metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(w.Stop)
	return w.ResultChan()
}

// sees waits until such a client hears of a ConfigMap.
func (s *sandbox) sees(events <-chan watch.Event, name string) {
	s.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case e, open := <-events:
			if !open {
				s.Fatal("the watch was ended")
			}
			if m, ok := e.Object.(*corev1.ConfigMap); ok && m.Name == name {
				return
			}
		case <-limit:
			s.Fatalf("the watch does not tell of ConfigMap %s", name)
		}
	}
}

func (s *sandbox) secret(name string) map[string][]byte {
	s.Helper()
	secret, err := bed.host.client.CoreV1().Secrets(s.namespace).Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return secret.Data
}

func (s *sandbox) certificates(bundle []byte) []*x509.Certificate {
	s.Helper()
	certs, err := pki.ParseBundle(bundle)
	if err != nil {
		s.Fatal(err)
	}
	return certs
}

// age replaces a certificate by one as the hook would have made it that long ago, for a year.
func (s *sandbox) age(secret, name string, usage pki.Usage, ago time.Duration) *x509.Certificate {
	s.Helper()
	authorities := s.secret("fellowship-ca")
	ca, _, err := pki.ParseAuthority(authorities["ca.crt"], authorities["ca.key"])
	if err != nil {
		s.Fatal(err)
	}
	old := s.certificates(s.secret(secret)[name+".crt"])[0]
	past := pki.Generator{Now: func() time.Time { return time.Now().Add(-ago) }}
	pair, err := past.Leaf(pki.Leaf{
		CommonName: old.Subject.CommonName, Organizations: old.Subject.Organization, Usage: usage, DNSNames: old.DNSNames, IPs: old.IPAddresses,
	}, ca, 365*24*time.Hour)
	if err != nil {
		s.Fatal(err)
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{
		name + ".crt": base64.StdEncoding.EncodeToString(pair.Cert), name + ".key": base64.StdEncoding.EncodeToString(pair.Key),
	}})
	if err != nil {
		s.Fatal(err)
	}
	s.host("patch", "secret", secret, "--patch-file="+s.write("patch.json", string(patch)))
	return s.certificates(pair.Cert)[0]
}

// serving returns nil when the API server's certificate is as wanted.
func (s *sandbox) serving(wanted func(*x509.Certificate) bool) error {
	address := fmt.Sprintf("%s:%s", s.nodeAddress(), s.host("get", "service", "fellowship-apiserver", "--output=jsonpath={.spec.ports[0].nodePort}"))
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) // an expired one is to be seen
	if err != nil {
		return err
	}
	defer conn.Close()
	if certs := conn.ConnectionState().PeerCertificates; !slices.ContainsFunc(certs[:1], wanted) {
		return fmt.Errorf("it serves one that is valid until %s", certs[0].NotAfter)
	}
	return nil
}
