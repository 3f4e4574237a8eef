package pki

import (
	"bytes"
	"crypto/x509"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

// world is a host cluster with a clock that tests move.
type world struct {
	t         *testing.T
	now       time.Time
	secrets   *fakehost.Secrets
	workloads *fakehost.Workloads
	out       bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{
		t:         t,
		now:       time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		secrets:   &fakehost.Secrets{},
		workloads: &fakehost.Workloads{},
	}
}

// template is what an installation leaves.
var template struct {
	once    sync.Once
	secrets map[string]*corev1.Secret
}

// installed is a world in which the hook has run.
func installed(t *testing.T) *world {
	t.Helper()
	template.once.Do(func() {
		w := newWorld(t)
		w.run()
		template.secrets = w.secrets.All()
	})
	w := newWorld(t)
	for _, s := range template.secrets {
		w.secrets.Put(s)
	}
	return w
}

// options need everything that can be made.
func (w *world) options() Options {
	now := w.now
	return Options{
		Federation: "fellowship", Namespace: "federation-system",
		TokenAuth: true, BasicAuth: true, DNSEtcd: true, RefreshKubeconfig: true,
		ExtraSANs:    []string{"api.example.com", "192.0.2.7"},
		Secrets:      w.secrets,
		Deployments:  fakehost.Deployments{Workloads: w.workloads},
		StatefulSets: fakehost.StatefulSets{Workloads: w.workloads},
		Out:          &w.out,
		Now:          func() time.Time { return now },
		passwordCost: bcrypt.MinCost,
	}
}

// with are the options with some of them changed.
func (w *world) with(change ...func(*Options)) Options {
	o := w.options()
	for _, c := range change {
		c(&o)
	}
	return o
}

func (w *world) run(change ...func(*Options)) {
	w.t.Helper()
	w.out.Reset()
	if err := Run(w.t.Context(), w.with(change...)); err != nil {
		w.t.Fatalf("Run: %v", err)
	}
}

// data is the content of one Secret.
func (w *world) data(which string) map[string][]byte {
	w.t.Helper()
	s, err := w.secrets.Get(w.t.Context(), secrets.Name("fellowship", which), metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Data
}

func (w *world) cert(which, key string) *x509.Certificate {
	w.t.Helper()
	return w.bundle(which, key)[0]
}

func (w *world) bundle(which, key string) []*x509.Certificate {
	w.t.Helper()
	certs, err := pki.ParseBundle(w.data(which)[key])
	if err != nil {
		w.t.Fatalf("Secret %q, key %q: %v", which, key, err)
	}
	return certs
}

// mutualTrust checks that each leaf verifies against each bundle of its
// authority, wherever it is, as the old holders may still have them: then
// nobody is turned away, in whatever order kubelets hand out the files.
func mutualTrust(t *testing.T, at time.Time, holders ...*world) {
	t.Helper()
	o := holders[0].options()
	o.setDefaults()
	sheets, err := table(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	bundles := map[Kind]map[string]string{} // content → where
	for _, k := range kinds {
		bundles[k] = map[string]string{}
	}
	for _, w := range holders {
		for _, s := range sheets {
			for key, k := range s.bundles {
				bundles[k][string(w.data(s.which)[key])] = s.which + "/" + key
			}
		}
	}
	checked := map[string]bool{} // most of the time all holders have the same
	for _, w := range holders {
		for _, s := range sheets {
			for _, l := range s.leaves {
				leaf := string(w.data(s.which)[l.certKey()])
				if checked[leaf] {
					continue
				}
				checked[leaf] = true
				chain := w.bundle(s.which, l.certKey())
				for bundle, where := range bundles[l.signer] {
					roots, err := pki.ParseBundle([]byte(bundle))
					if err == nil {
						err = pki.Verify(chain, roots, l.want.Usage, at)
					}
					if err != nil {
						t.Errorf("%s/%s is not trusted by %s: %v", s.which, l.certKey(), where, err)
					}
				}
			}
		}
	}
}

// snapshot copies the Secrets, as somebody holds them who reads no more.
func (w *world) snapshot() *world {
	old := newWorld(w.t)
	old.now = w.now
	for _, s := range w.secrets.All() {
		old.secrets.Put(s)
	}
	return old
}
