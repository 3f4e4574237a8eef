//go:build e2e

package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// TestJoinRefused asks for what cannot be: each time one message says all that is wrong, and nothing is written, neither in the host
// cluster, nor in the members, nor in the federation.
func TestJoinRefused(t *testing.T) {
	s := newSandbox(t)
	s.federation("fellowship", zone)
	m := s.member(rohan)
	s.fedhelm("join", rohan, "--cluster-dns=none")
	s.makeGuest(m)
	s.kubectl(rohan, "create", "namespace", "fellowship")
	t.Cleanup(func() { s.deleteNamespaceIn(m.cluster, "fellowship") })
	s.host("create", "secret", "generic", "taken", "--from-literal=ring=one")
	t.Cleanup(func() {
		s.try(time.Minute, "kubectl", "--context="+hostContext, "--namespace="+s.namespace, "delete", "secret", "taken")
	})
	other := s.member(arnor)
	there := other.list(s)

	for _, tt := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"no name", []string{"join"}, 2, []string{"NAME"}},
		{"flags and a name that cannot be", []string{
			"join", "Minas_Tirith", "--cluster-dns=pigeon", "--secret-name=One Ring", "--cluster-endpoint=the white tree", "--labels=king=no one", "--timeout=long",
		}, 2, []string{"Minas_Tirith", "pigeon", "One Ring", "the white tree", "no one", "long"}},
		{"a context that is not there", []string{"join", "moria"}, 2, []string{`"moria"`, "--cluster-context", rohan}},
		{"a federation that is not there", []string{"join", arnor, "--federation=ents"}, 3, []string{`"ents"`, "fellowship", "--federation"}},
		{"a member namespace named like the federation", []string{"join", rohan, "--cluster-dns=coredns", "--refresh"}, 3, []string{`namespace "fellowship"`, "--cluster-dns=none"}},
		{"the name of another cluster", []string{"join", rohan, "--cluster-context=arnor", "--cluster-dns=none"}, 3, []string{`"rohan"`, "another cluster", "fedhelm unjoin rohan"}},
		{"the same cluster by another name", []string{"join", "edoras", "--cluster-context=rohan", "--cluster-dns=none"}, 3, []string{`as "rohan"`, "fedhelm unjoin rohan"}},
		{"a cluster that is too old", []string{
			"join", arnor, "--cluster-context=" + memberContext, "--cluster-kubeconfig=" + s.old(other), "--cluster-endpoint=" + other.address(), "--cluster-dns=none",
		}, 3, []string{"v1.20.0", "oldest", "upgrade"}},
		{"no rights, a Secret of somebody else's, and the same cluster again", []string{"join", "edoras", "--cluster-context=guest", "--cluster-dns=none", "--secret-name=taken"}, 3, []string{
			`user of context "guest" may not`, "escalate/bind clusterroles.rbac.authorization.k8s.io", "create serviceaccounts/token", `Secret "taken"`, "--secret-name", `as "rohan"`,
		}},
	} {
		s.step(tt.name, func(s *sandbox) {
			s.unaltered(m, "fellowship", func() { s.refused(tt.code, time.Minute, tt.says, tt.args...) })
			if err := untouched(there, other.list(s)); err != nil {
				s.Errorf("something was written in %s:\n%v", arnor, err)
			}
		})
	}
	s.step("flags stand before and after the name", func(s *sandbox) {
		var said []string
		for _, args := range [][]string{
			{"join", "--dry-run", "--cluster-context=arnor", "annuminas", "--cluster-dns=none"}, {"join", "annuminas", "--cluster-dns=none", "--cluster-context=arnor", "--dry-run"},
		} {
			s.unaltered(other, "fellowship", func() { said = append(said, s.fedhelm(args...).stdout) })
		}
		if said[0] != said[1] || !strings.Contains(said[0], "annuminas") {
			s.Errorf("with flags first:\n%s\nwith flags last:\n%s", redact(said[0]), redact(said[1]))
		}
	})
	s.fedhelm("unjoin", rohan)
	s.host("delete", "secret", "taken")
	s.purge("fellowship")
	s.write("kubeconfig", bedKubeconfig(s)) // without the guest
}

// makeGuest makes a user of the member who may look around, and no more, with a context.
func (s *sandbox) makeGuest(m *member) {
	s.Helper()
	guest := s.namespace + "-guest"
	s.kubectl(m.context, "create", "namespace", guest)
	s.Cleanup(func() { s.deleteNamespaceIn(m.cluster, guest) })
	s.kubectl(m.context, "--namespace="+guest, "create", "serviceaccount", "guest")
	s.kubectl(m.context, "create", "clusterrolebinding", guest, "--clusterrole=view", "--serviceaccount="+guest+":guest")
	s.Cleanup(func() { s.try(time.Minute, "kubectl", "--context="+m.context, "delete", "clusterrolebinding", guest) })
	s.context("guest", m.address(), s.kubectl(m.context, "--namespace="+guest, "create", "token", "guest"))
}

// old makes a kubeconfig with a context that leads to the member, which says there that it is a version long gone.
func (s *sandbox) old(m *member) string {
	s.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: bed.kubeconfig}, &clientcmd.ConfigOverrides{CurrentContext: m.context}).ClientConfig()
	if err != nil {
		s.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		s.Fatal(err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		s.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(server)
	proxy.Transport = transport
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.URL.Path != "/version" {
			return nil
		}
		r.Body.Close()
		said := []byte(`{"major": "1", "minor": "20", "gitVersion": "v1.20.0"}`)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(said)), int64(len(said))
		r.Header.Set("Content-Length", strconv.Itoa(len(said)))
		r.Header.Del("Content-Encoding")
		return nil
	}
	front := httptest.NewTLSServer(proxy)
	s.Cleanup(front.Close)
	return s.kubeconfigOf(m.context, func(_ *sandbox, c *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		*c = clientcmdapi.Cluster{Server: front.URL, InsecureSkipTLSVerify: true}
		*user = clientcmdapi.AuthInfo{}
	})
}
