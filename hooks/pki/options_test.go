package pki

import (
	"crypto/x509"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	err := Options{
		ServiceRange: "10.0.0.0", ClusterDomain: "Not A Domain", Algorithm: "dsa", LeafValidity: time.Minute,
		ExtraSANs: []string{"fine.example.com", "*.fine.example.com", "192.0.2.1", "not fine"},
		Rotate:    []Kind{"all", Etcd}, Distrust: []Kind{"any", Etcd}, CheckOnly: true, ServicePort: 70000, CAValidity: time.Second,
	}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, flag := range []string{
		"--service-cluster-ip-range", "--cluster-domain", "--key-algorithm", "--leaf-validity", "--ca-validity",
		`--extra-san: "not fine"`, `--rotate-ca "all"`, "--rotate-ca: with --check-only", "--service-port",
		`--distrust-ca "any"`, "--distrust-ca: with --check-only", "--distrust-ca=etcd: together with --rotate-ca=etcd",
	} {
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("nothing is said about %s:\n%v", flag, err)
		}
	}
	if n := strings.Count(err.Error(), "--extra-san"); n != 1 {
		t.Errorf("%d extra SANs are complained of, want one", n)
	}
	if err := (Options{}).Validate(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

func TestServingCertificateNames(t *testing.T) {
	w := newWorld(t)
	w.run(func(o *Options) { o.ServiceRange = "10.96.0.0/12,fd00:1::/108"; o.ClusterDomain = "corp.example" })
	reaches := func(which, key string, hosts ...string) {
		t.Helper()
		for _, host := range hosts {
			if err := w.cert(which, key).VerifyHostname(host); err != nil {
				t.Errorf("%s, %s: %v", which, key, err)
			}
		}
	}
	for _, which := range []string{secrets.APIServer, secrets.AuthProxy} {
		reaches(which, "server.crt",
			"fellowship-apiserver", "fellowship-apiserver.federation-system", "fellowship-apiserver.federation-system.svc",
			"fellowship-apiserver.federation-system.svc.corp.example",
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.corp.example",
			"localhost", "127.0.0.1", "::1", "10.96.0.1", "fd00:1::1", "api.example.com", "192.0.2.7")
	}
	for _, key := range []string{"server.crt", "peer.crt"} {
		reaches(secrets.Etcd, key, "localhost", "127.0.0.1",
			"fellowship-etcd-0.fellowship-etcd.federation-system.svc", "fellowship-etcd-4.fellowship-etcd.federation-system.svc.corp.example",
			"fellowship-etcd.federation-system.svc", "fellowship-etcd-client.federation-system.svc")
	}
}

func TestIdentities(t *testing.T) {
	w := installed(t)
	tests := []struct {
		which, key, user string
		groups           []string
		usage            []x509.ExtKeyUsage
	}{
		{secrets.APIServerHealth, "client.crt", "federation-health", []string{"system:monitoring"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.ControllerManager, "client.crt", "federation-controller-manager", nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.KubeControllerManager, "client.crt", "system:kube-controller-manager", nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.Bootstrap, "client.crt", "federation-bootstrap", []string{"system:masters"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.Admin, "client.crt", "federation-admin", []string{"federation:admins"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.AuthProxy, "front-proxy-client.crt", "federation-auth-proxy", nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.APIServer, "front-proxy-client.crt", "front-proxy-client", nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
		{secrets.APIServer, "server.crt", "federation-apiserver", nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
		{secrets.Etcd, "peer.crt", "federation-etcd-peer", nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}},
	}
	for _, tt := range tests {
		t.Run(tt.which+" "+tt.key, func(t *testing.T) {
			c := w.cert(tt.which, tt.key)
			if c.Subject.CommonName != tt.user || !slices.Equal(c.Subject.Organization, tt.groups) || !slices.Equal(c.ExtKeyUsage, tt.usage) {
				t.Errorf("user %q, groups %q, usages %v", c.Subject.CommonName, c.Subject.Organization, c.ExtKeyUsage)
			}
		})
	}
}

func TestInternalKubeconfigsLeadToTheService(t *testing.T) {
	w := newWorld(t)
	w.run(func(o *Options) { o.ServicePort = 8443 })
	const want = "server: https://fellowship-apiserver.federation-system.svc:8443\n"
	if got := string(w.data(secrets.ControllerManager)["kubeconfig"]); !strings.Contains(got, want) {
		t.Errorf("kubeconfig:\n%s", got)
	}
	w.run() // the port is 443 again
	if got := string(w.data(secrets.ControllerManager)["kubeconfig"]); strings.Contains(got, "8443") {
		t.Errorf("kubeconfig:\n%s", got)
	}
}

// fields are those of the only line of a file of users.
func fields(t *testing.T, data []byte) []string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil || len(lines) != 1 || len(lines[0]) != 4 {
		t.Fatalf("not one line of four fields: %d, %v", len(lines), err)
	}
	return lines[0]
}

func TestCredentials(t *testing.T) {
	w := installed(t)
	line := fields(t, w.data(secrets.AuthTokens)["tokens.csv"])
	if len(line[0]) != 43 || line[1] != "admin" || len(line[2]) != 32 || line[3] != "federation:admins" {
		t.Errorf("a token of %d letters for user %q, group %q", len(line[0]), line[1], line[3])
	}
	basic := w.data(secrets.AuthBasic)
	line = fields(t, basic["basicauth.csv"])
	if err := bcrypt.CompareHashAndPassword([]byte(line[0]), basic["password"]); err != nil {
		t.Errorf("the hash is not that of the password: %v", err)
	}
	if line[1] != string(basic["username"]) || line[3] != "federation:admins" {
		t.Errorf("user %q, group %q", line[1], line[3])
	}
	var defaults Options
	if defaults.setDefaults(); defaults.passwordCost != bcrypt.DefaultCost {
		t.Errorf("outside of tests a hash costs %d", defaults.passwordCost)
	}
	other := newWorld(t)
	other.run()
	if string(other.data(secrets.AuthTokens)["tokens.csv"]) == string(w.data(secrets.AuthTokens)["tokens.csv"]) {
		t.Error("two federations have the same token")
	}
}

func TestHashIsMadeOfThePasswordThatIsThere(t *testing.T) {
	w := installed(t)
	w.edit(secrets.AuthBasic, func(s *corev1.Secret) {
		s.Data = map[string][]byte{"password": []byte("my own")}
	})
	w.run()
	line := fields(t, w.data(secrets.AuthBasic)["basicauth.csv"])
	if err := bcrypt.CompareHashAndPassword([]byte(line[0]), []byte("my own")); err != nil {
		t.Error(err)
	}
}

func TestCredentialsAreOnlyMadeWhenAskedFor(t *testing.T) {
	w := newWorld(t)
	w.run(func(o *Options) { o.TokenAuth, o.BasicAuth = false, false })
	for _, which := range []string{secrets.AuthTokens, secrets.AuthBasic, secrets.AuthProxy} {
		if w.secrets.All()[secrets.Name("fellowship", which)] != nil {
			t.Errorf("%s was made", which)
		}
	}
}

func TestCredentialsOfTheUsersOwn(t *testing.T) {
	own := func(o *Options) { o.TokenSecret, o.BasicSecret = "my-tokens", "my-users" }
	put := func(w *world, name, key, value string) {
		w.secrets.Put(&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "federation-system"},
			Data:       map[string][]byte{key: []byte(value)},
		})
	}
	w := newWorld(t)
	if err := Run(t.Context(), w.with(own)); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("Run without them = %v", err)
	}
	put(w, "my-tokens", "tokens.csv", "t,u,1\n")
	put(w, "my-users", "basicauth.csv", "h,u,1\n")
	w.run(own)
	for _, which := range []string{secrets.AuthTokens, secrets.AuthBasic} {
		if w.secrets.All()[secrets.Name("fellowship", which)] != nil {
			t.Errorf("%s was made all the same", which)
		}
	}
}

func TestNothingSecretIsSaid(t *testing.T) {
	w := newWorld(t)
	w.run()
	for name, s := range w.secrets.All() {
		for key, value := range s.Data {
			if strings.HasSuffix(key, ".crt") || key == "sa.pub" || key == "username" {
				continue
			}
			for line := range strings.Lines(string(value)) {
				if line = strings.TrimSpace(line); len(line) > 12 && strings.Contains(w.out.String(), line) {
					t.Errorf("%s of %s is in the output", key, name)
				}
			}
		}
	}
}
