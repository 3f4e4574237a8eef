package pki

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

// edit changes one Secret as if by another hand.
func (w *world) edit(which string, change func(*corev1.Secret)) {
	w.t.Helper()
	s := w.secrets.All()[secrets.Name("fellowship", which)]
	change(s)
	w.secrets.Put(s)
}

func TestDamageThatOnlyItsOwnerCanMend(t *testing.T) {
	data := func(key, value string) func(*corev1.Secret) {
		return func(s *corev1.Secret) { s.Data[key] = []byte(value) }
	}
	tests := []struct {
		name   string
		which  string
		change func(*corev1.Secret)
		names  []string // the error does
	}{
		{"an authority's certificate that cannot be read", secrets.CA, data("ca.crt", "x"), []string{"fellowship-ca", `"ca.crt"`, "backup"}},
		{"an authority's certificate without its key", secrets.CA, func(s *corev1.Secret) { delete(s.Data, "etcd-ca.key") }, []string{"fellowship-ca", "etcd-ca.key", "backup"}},
		{"an authority's key without its certificate", secrets.CA, func(s *corev1.Secret) { delete(s.Data, "front-proxy-ca.crt") }, []string{"front-proxy-ca.crt", "backup"}},
		{"the keys of two authorities exchanged", secrets.CA, func(s *corev1.Secret) {
			s.Data["ca.key"], s.Data["etcd-ca.key"] = s.Data["etcd-ca.key"], s.Data["ca.key"]
		}, []string{`"ca.crt"`, `"etcd-ca.crt"`, "does not belong"}},
		{"a key for tokens that cannot be read", secrets.APIServer, data("sa.key", "hunter2"), []string{"fellowship-apiserver-certs", `"sa.key"`, "ServiceAccount"}},
		{"a file of tokens with a line too short", secrets.AuthTokens, data("tokens.csv", "hunter2\n"), []string{"fellowship-auth-tokens", "tokens.csv", "three fields"}},
		{"a file of passwords with quotes that do not match", secrets.AuthBasic, data("basicauth.csv", `"hunter2`), []string{"fellowship-auth-basic", "basicauth.csv"}},
		{"a Secret that no hook made", secrets.Admin, func(s *corev1.Secret) { s.Labels = nil }, []string{"fellowship-admin-certs", "pki.create=false"}},
		{"a Secret of another federation", secrets.KubeControllerManager, func(s *corev1.Secret) {
			s.Labels = secrets.Labels("fellowship-kube")
		}, []string{"fellowship-kube-controller-manager-certs", `"fellowship-kube"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := installed(t)
			w.edit(tt.which, tt.change)
			before := w.secrets.All()
			err := Run(t.Context(), w.options())
			if err == nil {
				t.Fatal("no error")
			}
			for _, name := range tt.names {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("the error does not say %q: %v", name, err)
				}
			}
			if strings.Contains(err.Error()+w.out.String(), "hunter2") {
				t.Errorf("a secret is shown: %v\n%s", err, w.out.String())
			}
			if diff := cmp.Diff(before, w.secrets.All()); diff != "" {
				t.Errorf("something was written (-before +after):\n%s", diff)
			}
		})
	}
}

func TestDamageThatIsMended(t *testing.T) {
	tests := []struct {
		name   string
		which  string
		change func(*corev1.Secret)
	}{
		{"a certificate that cannot be read", secrets.APIServer, func(s *corev1.Secret) { s.Data["server.crt"] = []byte("x") }},
		{"a key that cannot be read", secrets.Etcd, func(s *corev1.Secret) { s.Data["peer.key"] = []byte("x") }},
		{"a certificate that is missing", secrets.Admin, func(s *corev1.Secret) { s.Data["client.crt"] = nil }},
		{"a bundle that is missing", secrets.ControllerManager, func(s *corev1.Secret) { delete(s.Data, "ca.crt") }},
		{"a kubeconfig that somebody changed", secrets.Bootstrap, func(s *corev1.Secret) { s.Data["kubeconfig"] = []byte("x") }},
		{"all content gone", secrets.APIServerHealth, func(s *corev1.Secret) { s.Data = nil }},
		{"the public half of the key for tokens", secrets.APIServer, func(s *corev1.Secret) { delete(s.Data, "sa.pub") }},
		{"the key for tokens, which the controllers still have", secrets.APIServer, func(s *corev1.Secret) { delete(s.Data, "sa.key") }},
		{"the controllers' key for tokens", secrets.KubeControllerManager, func(s *corev1.Secret) { s.Data["sa.key"] = []byte("x") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := installed(t)
			key := w.data(secrets.APIServer)["sa.key"]
			authorities := w.data(secrets.CA)
			w.edit(tt.which, tt.change)
			w.run()
			complete(t, w)
			if !bytes.Equal(key, w.data(secrets.APIServer)["sa.key"]) {
				t.Error("the key for tokens changed")
			}
			if diff := cmp.Diff(authorities, w.data(secrets.CA)); diff != "" {
				t.Error("the authorities changed")
			}
			if len(w.data(secrets.APIServer)["sa.pub"]) == 0 || !strings.Contains(string(w.data(secrets.Bootstrap)["kubeconfig"]), "ca.crt") {
				t.Error("it was not mended")
			}
		})
	}
}

func TestMissingSecretIsMadeAgainAlone(t *testing.T) {
	for _, which := range secrets.MadeByHooks() {
		if which == secrets.Kubeconfig || which == secrets.CA {
			continue
		}
		t.Run(which, func(t *testing.T) {
			w := installed(t)
			before := w.secrets.All()
			name := secrets.Name("fellowship", which)
			w.secrets.Remove(name)
			w.run()
			complete(t, w)
			after := w.secrets.All()
			delete(before, name)
			delete(after, name)
			if which == secrets.APIServer { // its key for tokens came back from there
				delete(before, "fellowship-kube-controller-manager-certs")
			}
			for other, s := range before {
				if diff := cmp.Diff(s, after[other]); diff != "" {
					t.Errorf("%s changed too: %s", other, diff)
				}
			}
		})
	}
}

func TestKeysThatUsersAddedStay(t *testing.T) {
	w := installed(t)
	w.edit(secrets.APIServer, func(s *corev1.Secret) { s.Data["webhook.crt"] = []byte("mine") })
	old := w.data(secrets.APIServer)["sa.pub"]
	more := append([]byte("-----BEGIN PUBLIC KEY-----\nolder\n-----END PUBLIC KEY-----\n"), old...)
	w.edit(secrets.APIServer, func(s *corev1.Secret) { s.Data["sa.pub"] = more })
	w.now = w.now.Add(300 * oneDay)
	w.run()
	if got := w.data(secrets.APIServer); string(got["webhook.crt"]) != "mine" || !bytes.Equal(got["sa.pub"], more) {
		t.Error("a renewal took away what the user had added")
	}
}
