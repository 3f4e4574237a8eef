package preflight

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	discoveryfake "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
)

// TestHostAPI asks real servers, because what a client sees of a broken one is the point.
func TestHostAPI(t *testing.T) {
	answer := func(code int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		})
	}
	review := func(user string) string {
		return `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"` + user + `"}}}`
	}
	status := func(code int, reason string) http.Handler {
		return answer(code, fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q}`, code, reason))
	}
	tests := []struct {
		name    string
		handler http.Handler
		change  func(*rest.Config, *httptest.Server)
		want    []string
	}{
		{name: "a server that knows the user is fine", handler: answer(201, review("gandalf"))},
		{name: "credentials that make an anonymous user are not accepted", handler: answer(201, review("system:anonymous")), want: []string{"does not accept the credentials", "rivendell"}},
		{name: "forbidden means anonymous too", handler: status(403, "Forbidden"), want: []string{"does not accept the credentials"}},
		{name: "unauthorized", handler: status(401, "Unauthorized"), want: []string{"does not accept the credentials", "auth whoami"}},
		{
			name: "a name that nobody knows", want: []string{`"nowhere.invalid"`, "cannot be looked up", "--host-cluster-context"},
			change: func(c *rest.Config, _ *httptest.Server) {
				c.Host = "https://nowhere.invalid"
				c.Dial = (&net.Dialer{Resolver: &net.Resolver{PreferGo: true}}).DialContext
			},
		},
		{
			name: "nothing listens", want: []string{"nothing listens at"},
			change: func(_ *rest.Config, s *httptest.Server) { s.Close() },
		},
		{
			name: "an authority that is not known", handler: answer(201, review("gandalf")), want: []string{"signed by an authority"},
			change: func(c *rest.Config, _ *httptest.Server) { c.CAData = nil },
		},
		{
			name: "a certificate for other names", handler: answer(201, review("gandalf")), want: []string{"is for other names"},
			change: func(c *rest.Config, _ *httptest.Server) { c.ServerName = "mordor" },
		},
		{
			name: "a server without TLS", want: []string{"does not speak TLS"},
			change: func(c *rest.Config, s *httptest.Server) {
				plain := httptest.NewServer(http.NotFoundHandler())
				s.Config.RegisterOnShutdown(plain.Close)
				c.Host = "https://" + plain.Listener.Addr().String()
			},
		},
		{name: "anything else is told as it is", handler: answer(503, "no council today"), want: []string{"cannot be asked", "unable to handle the request"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.handler == nil {
				tt.handler = http.NotFoundHandler()
			}
			s := httptest.NewUnstartedServer(tt.handler)
			s.Config.ErrorLog = log.New(io.Discard, "", 0) // failing handshakes are what is tested
			s.StartTLS()
			defer s.Close()
			c := &rest.Config{Host: s.URL, TLSClientConfig: rest.TLSClientConfig{CAData: pemOf(s.Certificate())}}
			if tt.change != nil {
				tt.change(c, s)
			}
			o := InitOptions{Client: kubernetes.NewForConfigOrDie(c), Context: "rivendell", Server: c.Host}
			wantProblem(t, problem(t, o.hostAPI), tt.want...)
		})
	}
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func TestHostVersion(t *testing.T) {
	tests := []struct {
		name, version string
		want          []string
	}{
		{name: "the oldest supported one", version: "v1.29.0"},
		{name: "a vendor's build of a newer one", version: "v1.36.3+k3s1"},
		{name: "one that is too old", version: "v1.28.16-gke.100", want: []string{"v1.28.16-gke.100", "the oldest supported is 1.29"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := fake.NewClientset()
			client.Discovery().(*discoveryfake.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: tt.version}
			wantProblem(t, problem(t, InitOptions{Client: client}.hostVersion), tt.want...)
		})
	}
}

func TestMinVersionIsTheCharts(t *testing.T) {
	chart, err := os.ReadFile("../../Chart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := `kubeVersion: ">=` + MinVersion + `.0-0"`; !strings.Contains(string(chart), want) {
		t.Errorf("Chart.yaml has no line %s", want)
	}
}

func TestNamespace(t *testing.T) {
	tests := []struct {
		name  string
		phase corev1.NamespacePhase
		want  []string
	}{
		{name: "one that is there is fine", phase: corev1.NamespaceActive},
		{name: "one that is going away is not", phase: corev1.NamespaceTerminating, want: []string{"is being deleted", "wait --for=delete"}},
		{name: "one that is not there will be made"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := InitOptions{Client: fake.NewClientset(), Namespace: "federation-system"}
			if tt.phase != "" {
				o.Client = fake.NewClientset(&corev1.Namespace{
					ObjectMeta: metav1.ObjectMeta{Name: o.Namespace}, Status: corev1.NamespaceStatus{Phase: tt.phase},
				})
			}
			wantProblem(t, problem(t, o.namespace), tt.want...)
		})
	}
}
