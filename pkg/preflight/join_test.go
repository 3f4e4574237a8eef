package preflight

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/version"
	discoveryfake "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestNormalEndpoint(t *testing.T) {
	tests := []struct{ name, address, want string }{
		{name: "https is understood", address: "10.0.0.10:6443", want: "https://10.0.0.10:6443"},
		{name: "a URL stays one", address: "https://gondor.example.com/k8s/clusters/c-1", want: "https://gondor.example.com/k8s/clusters/c-1"},
		{name: "no slash at the end", address: "https://gondor/", want: "https://gondor"},
		{name: "IPv6", address: "https://[fd00::1]:6443", want: "https://[fd00::1]:6443"},
		{name: "another scheme is for others to judge", address: "http://gondor", want: "http://gondor"},
		{name: "nothing is none", address: "https://"},
		{name: "white space is none", address: "https://gondor :6443"},
		{name: "a password has no place there", address: "https://a:b@gondor"},
		{name: "nor has a query", address: "https://gondor?x=y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := NormalEndpoint(tt.address)
			if got != tt.want || (err == nil) == (tt.want == "") {
				t.Errorf("NormalEndpoint = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	tests := []struct {
		name     string
		endpoint Endpoint
		want     []string
	}{
		{name: "an address", endpoint: Endpoint{URL: "https://10.0.0.10:6443"}},
		{name: "a name", endpoint: Endpoint{URL: "https://gondor.example.com"}},
		{name: "this machine", endpoint: Endpoint{URL: "https://127.0.0.1:6443", Context: "kind-gondor"}, want: []string{"kind-gondor", "leads every pod to itself", "--cluster-endpoint"}},
		{name: "this machine by another address", endpoint: Endpoint{URL: "https://127.8.9.1"}, want: []string{"--cluster-endpoint"}},
		{name: "this machine by IPv6", endpoint: Endpoint{URL: "https://[::1]:6443"}, want: []string{"--cluster-endpoint"}},
		{name: "this machine by IPv4 in IPv6", endpoint: Endpoint{URL: "https://[::ffff:127.0.0.1]:6443"}, want: []string{"--cluster-endpoint"}},
		{name: "this machine by name", endpoint: Endpoint{URL: "https://LocalHost:6443"}, want: []string{"--cluster-endpoint"}},
		{name: "this machine by a name below", endpoint: Endpoint{URL: "https://gondor.localhost."}, want: []string{"--cluster-endpoint"}},
		{name: "every address", endpoint: Endpoint{URL: "https://0.0.0.0:6443"}, want: []string{"leads anywhere", "--cluster-endpoint"}},
		{name: "no encryption", endpoint: Endpoint{URL: "http://10.0.0.10:8080"}, want: []string{"not reached by https", "--cluster-endpoint"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantProblem(t, problem(t, func(context.Context) error { return tt.endpoint.address() }), tt.want...)
		})
	}
	t.Run("a proxy is a warning", func(t *testing.T) {
		var p *Problem
		if err := (Endpoint{URL: "https://10.0.0.10", Context: "gondor", Proxied: true}).address(); !errors.As(err, &p) || !p.Warning {
			t.Errorf("got %v, want a warning", err)
		}
	})
}

func TestAuthority(t *testing.T) {
	ours, other := certs.CA(t, "gondor-ca"), certs.CA(t, "mordor-ca")
	away := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no route") }
	published := func(pem []byte) func(context.Context) ([]byte, error) {
		return func(context.Context) ([]byte, error) { return pem, nil }
	}
	address := serveTLS(t, ours.Server(t, "gondor.example.com"))
	here := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	tests := []struct {
		name    string
		from    Authority
		want    []byte
		warning bool
		err     []string
	}{
		{name: "the kubeconfig's", from: Authority{Known: [][]byte{nil, ours.CertPEM()}, Dial: here}, want: ours.CertPEM()},
		{name: "of several the one that fits", from: Authority{Known: [][]byte{other.CertPEM(), ours.CertPEM()}, Dial: here}, want: ours.CertPEM()},
		{name: "what the cluster publishes, when the kubeconfig's does not fit", from: Authority{Known: [][]byte{other.CertPEM()}, Published: published(ours.CertPEM()), Dial: here}, want: ours.CertPEM()},
		{name: "what the cluster publishes, when the kubeconfig has none", from: Authority{Strict: true, Published: published(ours.CertPEM()), Dial: here}, want: ours.CertPEM()},
		{name: "what was given, and nothing else", from: Authority{Given: other.CertPEM(), Known: [][]byte{ours.CertPEM()}, Dial: here}, err: []string{"gondor-ca", "--cluster-ca"}},
		{name: "none that fits", from: Authority{Strict: true, Published: published(other.CertPEM()), Dial: here}, err: []string{"--cluster-ca"}},
		{name: "out of reach, with one at hand", from: Authority{Known: [][]byte{ours.CertPEM()}, Dial: away}, want: ours.CertPEM(), warning: true},
		{name: "out of reach, with none", from: Authority{Strict: true, Dial: away}, err: []string{"no route", "--cluster-ca"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.from.Endpoint = "https://gondor.example.com:6443"
			got, err := tt.from.Find(t.Context())
			var p *Problem
			if isWarning := errors.As(err, &p) && p.Warning; string(got) != string(tt.want) || isWarning != tt.warning || (err != nil) != (tt.warning || tt.err != nil) {
				t.Fatalf("Find = %q, %v", got, err)
			}
			for _, want := range tt.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestMemberVersion(t *testing.T) {
	tests := []struct {
		name, version string
		warning       bool
		want          []string
	}{
		{name: "the oldest supported one", version: "v1.25.0"},
		{name: "the newest that was tried", version: "v1.36.9-eks-1"},
		{name: "a newer one may work", version: "v1.37.0", warning: true, want: []string{"the newest that this fedhelm was tried with is 1.36"}},
		{name: "one that is too old", version: "v1.24.17+k3s1", want: []string{"v1.24.17+k3s1", "the oldest supported is 1.25"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := fake.NewClientset()
			client.Discovery().(*discoveryfake.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: tt.version}
			check := JoinOptions{Member: Side{Client: client}}.memberVersion
			wantProblem(t, problem(t, check), tt.want...)
			var p *Problem
			if isWarning := errors.As(check(t.Context()), &p) && p.Warning; isWarning != tt.warning {
				t.Errorf("a warning: %v, want %v", isWarning, tt.warning)
			}
		})
	}
}

func TestMinMemberVersionIsTheCharts(t *testing.T) {
	chart, err := os.ReadFile("../../charts/federation-member/Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := `kubeVersion: ">=` + MinMemberVersion + `.0-0"`; !strings.Contains(string(chart), want) {
		t.Errorf("Chart.yaml has no line %s", want)
	}
}
