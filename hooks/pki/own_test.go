package pki

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// usersCA places authorities of the user's own, taken from another federation.
func (w *world) usersCA(from *world, keys ...string) {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "corporate", Namespace: "federation-system"}, Data: map[string][]byte{}}
	for _, key := range keys {
		s.Data[key] = from.data(secrets.CA)[key]
	}
	w.secrets.Put(s)
}

func corporate(o *Options) { o.ExistingCASecret = "corporate" }

func TestAuthoritiesOfTheUsersOwn(t *testing.T) {
	tests := []struct {
		name  string
		keys  []string
		makes []string // in R-ca
	}{
		{"all three are given: none is made", []string{
			"ca.crt", "ca.key", "etcd-ca.crt", "etcd-ca.key", "front-proxy-ca.crt", "front-proxy-ca.key",
		}, nil},
		{"one is given: the others are made", []string{"ca.crt", "ca.key"}, []string{
			"etcd-ca.crt", "etcd-ca.key", "front-proxy-ca.crt", "front-proxy-ca.key",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.usersCA(installed(t), tt.keys...)
			before := w.secrets.All()["corporate"]
			w.run(corporate)
			mutualTrust(t, w.now, w)
			if !w.cert(secrets.Admin, "ca.crt").Equal(installed(t).cert(secrets.CA, "ca.crt")) {
				t.Error("the certificates are not those of the user's authority")
			}
			w.run(corporate)
			if diff := cmp.Diff(before, w.secrets.All()["corporate"]); diff != "" {
				t.Errorf("the user's Secret was written to: %s", diff)
			}
			var made []string
			if s := w.secrets.All()["fellowship-ca"]; s != nil {
				for _, key := range []string{"ca.crt", "ca.key", "etcd-ca.crt", "etcd-ca.key", "front-proxy-ca.crt", "front-proxy-ca.key"} {
					if len(s.Data[key]) > 0 {
						made = append(made, key)
					}
				}
			}
			if diff := cmp.Diff(tt.makes, made); diff != "" {
				t.Errorf("made authorities (-want +got):\n%s", diff)
			}
			if err := Publish(t.Context(), w.with(corporate), []string{"198.51.100.1"}); err != nil {
				t.Error(err)
			}
			mutualTrust(t, w.now, w)
		})
	}
}

func TestUsersAuthorityThatChangedReissuesAndRolls(t *testing.T) {
	w := newWorld(t)
	old, next := installed(t), newWorld(t)
	next.now = next.now.Add(oneDay)
	next.run()
	w.now = next.now
	keys := []string{"ca.crt", "ca.key", "etcd-ca.crt", "etcd-ca.key", "front-proxy-ca.crt", "front-proxy-ca.key"}
	w.usersCA(old, keys...)
	w.run(corporate)
	w.workloads.Add(allWorkloads...)
	earlier := w.snapshot()

	s := w.secrets.All()["corporate"]
	s.Data["ca.crt"] = slices.Concat(old.data(secrets.CA)["ca.crt"], next.data(secrets.CA)["ca.crt"])
	w.secrets.Put(s) // the new one is trusted first
	w.run(corporate)
	mutualTrust(t, w.now, w, earlier)
	for _, name := range readers[Cluster] {
		if n := w.workloads.Patched()[name]; n != 1 {
			t.Errorf("%s was rolled %d times, want once", name, n)
		}
	}

	earlier = w.snapshot()
	s.Data["ca.crt"] = slices.Concat(next.data(secrets.CA)["ca.crt"], old.data(secrets.CA)["ca.crt"])
	s.Data["ca.key"] = next.data(secrets.CA)["ca.key"]
	w.secrets.Put(s) // then it signs
	w.run(corporate)
	mutualTrust(t, w.now, w, earlier)
	if w.cert(secrets.Admin, "client.crt").CheckSignatureFrom(next.cert(secrets.CA, "ca.crt")) != nil {
		t.Error("the certificates are still those of the old authority")
	}
}

func TestUsersAuthoritiesThatWillNotDo(t *testing.T) {
	tests := []struct {
		name   string
		place  func(w *world)
		change func(*Options)
		says   string
	}{
		{"there is no such Secret", func(*world) {}, corporate, "does not exist"},
		{"that of the cluster is missing", func(w *world) {
			w.usersCA(installed(w.t), "etcd-ca.crt", "etcd-ca.key")
		}, corporate, `lacks the keys "ca.crt" and "ca.key"`},
		{"the key is missing", func(w *world) { w.usersCA(installed(w.t), "ca.crt") }, corporate, `"ca.crt"`},
		{"it has expired", func(w *world) {
			w.usersCA(installed(w.t), "ca.crt", "ca.key")
			w.now = w.now.Add(11 * 365 * oneDay)
		}, corporate, "expired"},
		{"to be rotated here", func(w *world) { w.usersCA(installed(w.t), "ca.crt", "ca.key") },
			func(o *Options) { corporate(o); o.Rotate = []Kind{Cluster} }, "--rotate-ca=cluster"},
		{"not to be trusted here", func(w *world) { w.usersCA(installed(w.t), "ca.crt", "ca.key") },
			func(o *Options) { corporate(o); o.Distrust = []Kind{Cluster} }, "--distrust-ca=cluster"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tt.place(w)
			n := len(w.secrets.All())
			err := Run(t.Context(), w.with(tt.change))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Run = %v, want %q", err, tt.says)
			}
			if len(w.secrets.All()) != n {
				t.Error("it made Secrets all the same")
			}
		})
	}
}

// allOwn makes all Secrets the user's own.
func (w *world) allOwn() *world {
	for _, s := range w.secrets.All() {
		s.Labels = nil
		w.secrets.Put(s)
	}
	w.secrets.Remove("fellowship-ca") // nobody needs its key here
	return w
}

func checkOnly(o *Options) { o.CheckOnly = true }

func TestCheckOnlyAcceptsWhatIsComplete(t *testing.T) {
	w := installed(t).allOwn()
	before := w.secrets.All()
	w.run(checkOnly)
	if got := strings.Count(w.out.String(), ": checked"); got != len(before) {
		t.Errorf("%d Secrets were checked, want %d:\n%s", got, len(before), w.out.String())
	}
	if err := Publish(t.Context(), w.with(checkOnly), []string{"198.51.100.1"}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, w.secrets.All()); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
}

func TestCheckOnlyNamesAllThatIsWrong(t *testing.T) {
	w := installed(t).allOwn()
	stranger := newWorld(t)
	stranger.run()
	w.secrets.Remove("fellowship-bootstrap-certs")
	w.secrets.Remove("fellowship-auth-tokens")
	w.edit(secrets.APIServer, func(s *corev1.Secret) { delete(s.Data, "server.key"); delete(s.Data, "sa.pub") })
	w.edit(secrets.Etcd, func(s *corev1.Secret) { s.Data["ca.crt"] = stranger.data(secrets.Etcd)["ca.crt"] })
	w.edit(secrets.Admin, func(s *corev1.Secret) {
		s.Data["client.crt"], s.Data["client.key"] = w.data(secrets.ControllerManager)["client.crt"], w.data(secrets.ControllerManager)["client.key"]
	})
	w.edit(secrets.ControllerManager, func(s *corev1.Secret) { s.Data["kubeconfig"] = nil })
	w.edit(secrets.KubeControllerManager, func(s *corev1.Secret) { s.Data["sa.key"] = []byte("hunter2") })
	w.edit(secrets.AuthBasic, func(s *corev1.Secret) { s.Data["basicauth.csv"] = []byte("hunter2") })
	before := w.secrets.All()

	err := Run(t.Context(), w.with(checkOnly))
	if err == nil {
		t.Fatal("no error")
	}
	for _, says := range []string{
		"fellowship-bootstrap-certs does not exist",
		"fellowship-auth-tokens does not exist",
		`fellowship-apiserver-certs, key "server.crt"`,
		`fellowship-apiserver-certs, key "sa.pub"`,
		`fellowship-etcd-certs, key "server.crt" is not trusted by secret federation-system/fellowship-etcd-certs, key "ca.crt"`,
		`fellowship-admin-certs, key "client.crt": it is for "federation-controller-manager", want "federation-admin"`,
		`fellowship-controller-manager-certs, key "kubeconfig"`,
		`fellowship-kube-controller-manager-certs, key "sa.key"`,
		`fellowship-auth-basic, key "basicauth.csv"`,
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q:\n%v", says, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("the error shows a secret")
	}
	if diff := cmp.Diff(before, w.secrets.All()); diff != "" {
		t.Errorf("something was written: %s", diff)
	}
}

func TestCheckOnlyRefusesExpiredCertificates(t *testing.T) {
	w := installed(t).allOwn()
	w.now = w.now.Add(366 * oneDay)
	if err := Run(t.Context(), w.with(checkOnly)); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("Run = %v", err)
	}
}

func TestExternalEtcdNeedsNoCertificatesForIt(t *testing.T) {
	w := newWorld(t)
	external := func(o *Options) { o.ExternalEtcd = true }
	w.run(external)
	if w.secrets.All()["fellowship-etcd-certs"] != nil {
		t.Error("certificates were made for an etcd that is not ours")
	}
	for _, key := range []string{"etcd-ca.crt", "etcd-client.crt"} {
		if len(w.data(secrets.APIServer)[key]) > 0 {
			t.Errorf("the API server got %s", key)
		}
	}
	w.run() // from now on with an etcd of its own
	complete(t, w)
	w.run(external) // and back: nothing is taken away
	if w.secrets.All()["fellowship-etcd-certs"] == nil {
		t.Error("the certificates of the etcd that was there are gone")
	}
}

func TestKeysOfTheOtherAlgorithm(t *testing.T) {
	w := installed(t)
	authorities := w.signers()
	withRSA := func(o *Options) {
		o.Algorithm = pki.RSA
		o.ExternalEtcd, o.BasicAuth = true, false // fewer keys: each takes its time
	}
	w.run(withRSA)
	mutualTrust(t, w.now, w)
	if alg := w.cert(secrets.Admin, "client.crt").PublicKeyAlgorithm.String(); alg != "RSA" {
		t.Errorf("the administrator's key is %s", alg)
	}
	if diff := cmp.Diff(authorities, w.signers()); diff != "" {
		t.Errorf("authorities do not change for that: %s", diff)
	}
	writes := w.secrets.Writes
	w.run(withRSA)
	if w.secrets.Writes != writes {
		t.Error("a second run wrote something")
	}
}
