package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"testing"
	"time"

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
	return &world{
		t:         t,
		now:       time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		secrets:   &fakehost.Secrets{},
		workloads: &fakehost.Workloads{},
	}
}

// options need everything that can be made.
func (w *world) options() Options {
	now := w.now
	return Options{
		Federation: "fellowship", Namespace: "federation-system",
		TokenAuth: true, BasicAuth: true, RefreshKubeconfig: true,
		ExtraSANs:    []string{"api.example.com", "192.0.2.7"},
		Secrets:      w.secrets,
		Deployments:  fakehost.Deployments{Workloads: w.workloads},
		StatefulSets: fakehost.StatefulSets{Workloads: w.workloads},
		Out:          &w.out,
		Now:          func() time.Time { return now },
	}
}

func (w *world) run(change ...func(*Options)) {
	w.t.Helper()
	w.out.Reset()
	o := w.options()
	for _, c := range change {
		c(&o)
	}
	if err := Run(w.t.Context(), o); err != nil {
		w.t.Fatalf("Run: %v", err)
	}
}

// data is the content of one Secret.
func (w *world) data(which string) map[string][]byte {
	w.t.Helper()
	s := w.secrets.All()[secrets.Name("fellowship", which)]
	if s == nil {
		w.t.Fatalf("there is no Secret %q", which)
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
	for _, a := range holders {
		for _, b := range holders {
			for _, problem := range distrust(a, b, sheets, at) {
				t.Error(problem)
			}
		}
	}
}

// distrust lists the leaves of a that some bundle of b does not lead to.
func distrust(a, b *world, sheets []sheet, at time.Time) []string {
	var out []string
	for _, have := range sheets {
		for _, l := range have.leaves {
			chain := a.bundle(have.which, l.certKey())
			for _, trusts := range sheets {
				for key, kind := range trusts.bundles {
					if kind != l.signer {
						continue
					}
					if err := pki.Verify(chain, b.bundle(trusts.which, key), l.want.Usage, at); err != nil {
						out = append(out, fmt.Sprintf("%s of %s is not trusted by %s of %s: %v", l.certKey(), have.which, key, trusts.which, err))
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
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
