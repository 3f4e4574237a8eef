package members

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func authority(t *testing.T) []byte {
	t.Helper()
	return certs.CA(t, "gondor").CertPEM()
}

func TestReadCredential(t *testing.T) {
	ca := authority(t)
	token := jwt(account, noon, time.Hour)
	client := certs.CA(t, "clients").Client(t, "fellowship")
	kubeconfigOf := func(change func(*clientcmdapi.Config, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) []byte {
		c := kubeconfig.New(kubeconfig.Entry{Name: "gondor", Server: "https://gondor:6443", CA: ca, Token: token})
		change(c, c.Clusters["gondor"], c.AuthInfos["gondor"])
		data, err := kubeconfig.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	asIs := func(*clientcmdapi.Config, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {}
	type data = map[string][]byte
	tests := []struct {
		name string
		data data
		want string // in the error; "" for none
	}{
		{name: "a token and an authority", data: data{"token": []byte(token), "ca.crt": ca}},
		{name: "a token with a line break at its end, as files have", data: data{"token": []byte(token + "\n"), "ca.crt": ca}},
		{name: "a token that says nothing of itself", data: data{"token": []byte("opaque"), "ca.crt": ca}},
		{name: "a server name", data: data{"token": []byte(token), "ca.crt": ca, "tls-server-name": []byte("api.gondor")}},
		{name: "a server name that is an IPv6 address", data: data{"token": []byte(token), "ca.crt": ca, "tls-server-name": []byte("fd00::1")}},
		{name: "a kubeconfig", data: data{"kubeconfig": kubeconfigOf(asIs)}},
		{name: "a kubeconfig with a client certificate", data: data{"kubeconfig": kubeconfigOf(func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.Token, u.ClientCertificateData, u.ClientKeyData = "", client.CertPEM(), client.KeyPEM(t)
		})}},
		{name: "an empty Secret names both keys", data: nil, want: `"token"` + "|" + `"ca.crt"`},
		{name: "no token", data: data{"ca.crt": ca}, want: `"token"`},
		{name: "an empty token", data: data{"token": []byte(" \n"), "ca.crt": ca}, want: `"token"`},
		{name: "no authority", data: data{"token": []byte(token)}, want: `"ca.crt"`},
		{name: "an authority that is none", data: data{"token": []byte(token), "ca.crt": []byte("s3cret")}, want: "authority"},
		{name: "a token in two lines", data: data{"token": []byte("s3cret\nanother s3cret"), "ca.crt": ca}, want: "line break"},
		{name: "a server name that is a URL", data: data{"token": []byte(token), "ca.crt": ca, "tls-server-name": []byte("https://s3cret")}, want: "server name"},
		{name: "two ways at once", data: data{"token": []byte(token), "ca.crt": ca, "kubeconfig": kubeconfigOf(asIs)}, want: "only one way"},
		{name: "a kubeconfig that is none", data: data{"kubeconfig": []byte("clusters: [s3cret\n")}, want: "no kubeconfig"},
		{name: "a kubeconfig of another form", data: data{"kubeconfig": []byte("clusters: s3cret\n")}, want: "no kubeconfig"},
	}
	for name, change := range map[string]func(*clientcmdapi.Config, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo){
		`user "gondor"|a program`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.Exec = &clientcmdapi.ExecConfig{Command: "s3cret", APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
		},
		`user "gondor"|a token's file`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.TokenFile = "/s3cret"
		},
		`user "gondor"|a key's file`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.ClientKey = "/s3cret"
		},
		`user "gondor"|a password`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.Username, u.Password = "frodo", "s3cret"
		},
		`user "gondor"|somebody else`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.Impersonate = "s3cret"
		},
		`cluster "gondor"|an authority's file`: func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.CertificateAuthority = "/s3cret"
		},
		`cluster "gondor"|a proxy`: func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.ProxyURL = "http://s3cret"
		},
		`cluster "gondor"|no verification`: func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.InsecureSkipTLSVerify, c.CertificateAuthorityData = true, nil
		},
		`cluster "mordor"|a proxy of another cluster`: func(f *clientcmdapi.Config, _ *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			f.Clusters["mordor"] = &clientcmdapi.Cluster{Server: "https://mordor", ProxyURL: "http://s3cret"}
		},
		`certificate-authority-data|no authority`: func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.CertificateAuthorityData = nil
		},
		`neither token|nothing to be known by`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) { u.Token = "" },
		`no pair|a certificate without its key`: func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.ClientCertificateData = client.CertPEM()
		},
		`current-context|no current context`: func(f *clientcmdapi.Config, _ *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			f.CurrentContext = ""
		},
		`leads to no cluster|a context that leads nowhere`: func(f *clientcmdapi.Config, _ *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			delete(f.Clusters, "gondor")
		},
	} {
		want, what, _ := strings.Cut(name, "|")
		tests = append(tests, struct {
			name string
			data data
			want string
		}{name: "a kubeconfig with " + what, data: data{"kubeconfig": kubeconfigOf(change)}, want: want})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReadCredential(&corev1.Secret{Data: tt.data})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if string(got.CA) != string(ca) || got.Token == "" && got.ClientCert == nil || strings.TrimSpace(got.Token) != got.Token {
					t.Errorf("read %q %q", got.CA, got.Token)
				}
				return
			}
			for want := range strings.SplitSeq(tt.want, "|") {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want one that says %s", err, want)
				}
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), token)) {
				t.Errorf("the error shows what is in the Secret: %v", err)
			}
		})
	}
}

func TestCredentialIsNotPrinted(t *testing.T) {
	c := Credential{Token: "s3cret", ClientKey: []byte("s3cret")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if out := fmt.Sprintf(format, c); strings.Contains(out, "s3cret") {
			t.Errorf("%s prints %s", format, out)
		}
	}
}

func TestCredentialEnds(t *testing.T) {
	pair := certs.CA(t, "clients").Client(t, "fellowship")
	if got := (Credential{Token: jwt(account, noon, time.Hour)}).Expires(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("a token ends at %s", got)
	}
	if got := (Credential{Token: "opaque", ClientCert: pair.CertPEM()}).Expires(); !got.IsZero() {
		t.Errorf("a token that does not say when ends at %s", got)
	}
	if got := (Credential{ClientCert: pair.CertPEM()}).Expires(); got.IsZero() {
		t.Error("a client certificate never ends")
	}
}

func TestKubeconfigGetsANewTokenAndNothingElse(t *testing.T) {
	entry := kubeconfig.Entry{Name: "gondor", Server: "https://gondor:6443", CA: authority(t), Token: "old", TLSServerName: "api"}
	encode := func() []byte {
		data, err := kubeconfig.Encode(kubeconfig.New(entry))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	before := encode()
	entry.Token = "new"
	got, err := withToken(before, "new")
	if err != nil || string(got) != string(encode()) {
		t.Errorf("withToken = %s, %v, want %s", got, err, encode())
	}
}
