package pki

import (
	"bytes"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

const oneDay = 24 * time.Hour

// renewed runs at that time after the installation and tells which leaves are new.
func renewed(t *testing.T, after time.Duration) (fresh, old []string, w *world) {
	t.Helper()
	w = installed(t)
	authority := w.data(secrets.CA)
	w.now = w.now.Add(after)
	w.run()
	o := w.options()
	o.setDefaults()
	sheets, err := table(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sheets {
		for _, l := range s.leaves {
			if w.now.Sub(w.cert(s.which, l.certKey()).NotBefore) < time.Hour {
				fresh = append(fresh, s.which+"/"+l.file)
			} else {
				old = append(old, s.which+"/"+l.file)
			}
		}
	}
	for key, value := range authority {
		if !bytes.Equal(value, w.data(secrets.CA)[key]) {
			t.Errorf("%s of the authorities changed", key)
		}
	}
	return fresh, old, w
}

func TestRenewal(t *testing.T) {
	tests := []struct {
		name  string
		after time.Duration
		fresh bool
	}{
		{"eight months after the installation nothing is due", 240 * oneDay, false},
		{"at two thirds of their life all leaves are made anew", 244 * oneDay, true},
		{"expired leaves are healed", 500 * oneDay, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fresh, old, w := renewed(t, tt.after)
			if tt.fresh && len(old) > 0 || !tt.fresh && len(fresh) > 0 {
				t.Errorf("new: %q, old: %q", fresh, old)
			}
			mutualTrust(t, w.now, w)
			if got := strings.Contains(w.out.String(), ": renewed"); got != tt.fresh {
				t.Errorf("it says:\n%s", w.out.String())
			}
		})
	}
}

func TestRenewalKeepsWhatIsNoCertificate(t *testing.T) {
	w := installed(t)
	apiserver, tokens, basic := w.data(secrets.APIServer), w.data(secrets.AuthTokens), w.data(secrets.AuthBasic)
	w.now = w.now.Add(300 * oneDay)
	w.run()
	for _, key := range []string{"sa.key", "sa.pub"} {
		if !bytes.Equal(apiserver[key], w.data(secrets.APIServer)[key]) {
			t.Errorf("%s changed", key)
		}
	}
	if !bytes.Equal(tokens["tokens.csv"], w.data(secrets.AuthTokens)["tokens.csv"]) {
		t.Error("the token changed")
	}
	for key, value := range basic {
		if !bytes.Equal(value, w.data(secrets.AuthBasic)[key]) {
			t.Errorf("%s changed", key)
		}
	}
}

// publishedKubeconfig places R-kubeconfig as publish writes it.
func (w *world) publishedKubeconfig() {
	w.t.Helper()
	admin := w.data(secrets.Admin)
	encoded, err := kubeconfig.Encode(kubeconfig.New(kubeconfig.Entry{
		Name: "fellowship", Server: "https://192.0.2.9:30443", TLSServerName: "fellowship-apiserver.federation-system.svc",
		CA: admin["ca.crt"], ClientCert: admin["client.crt"], ClientKey: admin["client.key"], Token: "a-token",
		BasicAuth: &kubeconfig.Basic{Username: "admin", Password: "a-password"},
	}))
	if err != nil {
		w.t.Fatal(err)
	}
	w.secrets.Put(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-kubeconfig", Namespace: "federation-system", Labels: secrets.Labels("fellowship")},
		Data:       map[string][]byte{"kubeconfig": encoded},
	})
}

func TestRenewalRefreshesTheKubeconfig(t *testing.T) {
	w := installed(t)
	w.publishedKubeconfig()
	before := w.secrets.Writes
	w.run()
	if w.secrets.Writes != before {
		t.Error("a kubeconfig that is up to date was written")
	}

	w.now = w.now.Add(300 * oneDay)
	w.run()
	config, err := kubeconfig.Decode(w.data(secrets.Kubeconfig)["kubeconfig"])
	if err != nil {
		t.Fatal(err)
	}
	cluster, user := config.Clusters["fellowship"], config.AuthInfos["fellowship"]
	if !bytes.Equal(user.ClientCertificateData, w.data(secrets.Admin)["client.crt"]) ||
		!bytes.Equal(user.ClientKeyData, w.data(secrets.Admin)["client.key"]) {
		t.Error("it does not have the administrator's new certificate")
	}
	if cluster.Server != "https://192.0.2.9:30443" || cluster.TLSServerName != "fellowship-apiserver.federation-system.svc" {
		t.Errorf("it leads to %s as %s", cluster.Server, cluster.TLSServerName)
	}
	if user.Token != "a-token" || config.AuthInfos["fellowship-basic-auth"].Password != "a-password" {
		t.Error("it lost token or password")
	}
}

func TestPublishedAddressesOutliveRenewals(t *testing.T) {
	w := installed(t)
	if err := Publish(t.Context(), w.options(), []string{"198.51.100.1", "lb.example.com"}); err != nil {
		t.Fatal(err)
	}
	names := func(hosts ...string) {
		t.Helper()
		for _, which := range []string{secrets.APIServer, secrets.AuthProxy} {
			for _, host := range hosts {
				if err := w.cert(which, "server.crt").VerifyHostname(host); err != nil {
					t.Errorf("%s: %v", which, err)
				}
			}
		}
	}
	const inside = "fellowship-apiserver.federation-system.svc"
	names("198.51.100.1", "lb.example.com", "api.example.com", "192.0.2.7", inside)

	before := w.secrets.Writes
	if err := Publish(t.Context(), w.options(), []string{"198.51.100.1", "lb.example.com"}); err != nil {
		t.Fatal(err)
	}
	if w.secrets.Writes != before {
		t.Error("publishing the same again wrote something")
	}

	w.now = w.now.Add(300 * oneDay)
	w.run()
	names("198.51.100.1", "lb.example.com", inside)

	if err := Publish(t.Context(), w.options(), []string{"198.51.100.2"}); err != nil {
		t.Fatal(err)
	}
	names("198.51.100.2", inside)
	if w.cert(secrets.APIServer, "server.crt").VerifyHostname("198.51.100.1") == nil {
		t.Error("an address that is no longer the Service's is still named")
	}
	mutualTrust(t, w.now, w)
}

func TestPublishNeedsTheAuthorities(t *testing.T) {
	w := newWorld(t)
	if err := Publish(t.Context(), w.options(), []string{"198.51.100.1"}); err == nil || !strings.Contains(err.Error(), "helm upgrade") {
		t.Errorf("Publish = %v", err)
	}
	if n := len(w.secrets.All()); n != 0 {
		t.Errorf("it made %d Secrets", n)
	}
}
