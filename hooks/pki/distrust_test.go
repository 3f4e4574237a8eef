package pki

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

func distrust(k ...Kind) func(*Options) { return func(o *Options) { o.Distrust = k } }

// rotated is a control plane whose authorities of these kinds have changed: the
// old ones are still trusted.
func rotated(t *testing.T, k ...Kind) (w, before *world) {
	t.Helper()
	w = running(t)
	before = w.snapshot()
	w.run(rotate(k...))
	for range 2 {
		w.workloads.Rollout()
		w.now = w.now.Add(oneDay)
		w.run()
	}
	return w, before
}

// onlySigner checks that nobody trusts another authority of that kind than the
// one that signs.
func (w *world) onlySigner(k Kind) {
	w.t.Helper()
	o := w.options()
	o.setDefaults()
	sheets, err := table(o, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	bundles := map[string]int{"R-ca": len(w.bundle(secrets.CA, k.certKey()))}
	for _, s := range sheets {
		for key, kind := range s.bundles {
			if kind == k {
				bundles[s.which+"/"+key] = len(w.bundle(s.which, key))
			}
		}
		for _, l := range s.leaves {
			if n := len(w.bundle(s.which, l.certKey())); l.signer == k && n != 1 {
				w.t.Errorf("%s/%s vouches for %d authorities of before", s.which, l.certKey(), n-1)
			}
		}
	}
	if k == Cluster {
		config, err := kubeconfig.Decode(w.data(secrets.Kubeconfig)["kubeconfig"])
		if err != nil {
			w.t.Fatal(err)
		}
		bundles["kubeconfig"] = strings.Count(string(config.Clusters["fellowship"].CertificateAuthorityData), "BEGIN")
	}
	for where, n := range bundles {
		if n != 1 {
			w.t.Errorf("%s trusts %d authorities, want the one that signs", where, n)
		}
	}
	if len(w.data(secrets.CA)[k.crossKey()]) > 0 {
		w.t.Error("the old authority's word for the new one is still there")
	}
}

func TestDistrustedAuthorityIsTrustedNowhere(t *testing.T) {
	for _, k := range kinds {
		t.Run(string(k), func(t *testing.T) {
			w, before := rotated(t, kinds...)
			stolen := before.cert(secrets.CA, k.certKey())
			signers, rolled := w.signers(), w.workloads.Patched()

			w.run(distrust(k))
			w.onlySigner(k)
			mutualTrust(t, w.now, w)
			if pki.Contains(w.bundle(trustedIn(k)), stolen) {
				t.Error("the old authority is still trusted")
			}
			if diff := cmp.Diff(signers, w.signers()); diff != "" {
				t.Errorf("other authorities sign now: %s", diff)
			}
			for _, other := range kinds {
				if other != k && len(w.bundle(secrets.CA, other.certKey())) != 2 {
					t.Errorf("the %s authority was not meant", other)
				}
			}
			for name, times := range w.workloads.Patched() {
				want := rolled[name]
				if slices.Contains(readers[k], name) {
					want++ // it reads the bundle only when it starts
				}
				if times != want {
					t.Errorf("%s was rolled %d times in all, want %d", name, times, want)
				}
			}

			writes := w.secrets.Writes
			w.run(distrust(k))
			w.run()
			if w.secrets.Writes != writes {
				t.Error("a further run wrote something")
			}
		})
	}
}

func TestDistrustIsRefusedWhileTheOldAuthoritySigns(t *testing.T) {
	w := running(t)
	w.run(rotate(Cluster))
	w.workloads.Rollout()
	w.now = w.now.Add(oneDay)
	before := w.secrets.All()
	err := Run(t.Context(), w.with(distrust(Cluster)))
	if err == nil || !strings.Contains(err.Error(), "kubectl -n federation-system create job --from=cronjob/fellowship-renew") {
		t.Errorf("Run = %v", err)
	}
	if diff := cmp.Diff(before, w.secrets.All()); diff != "" {
		t.Errorf("it changed something: %s", diff)
	}
	w.run()
	w.run(distrust(Cluster))
	w.onlySigner(Cluster)
}

func TestDistrustOfNothingSaysSo(t *testing.T) {
	w := running(t)
	w.run(distrust(Cluster))
	if !strings.Contains(w.out.String(), "fellowship-ca: kept (cluster: no other authority is trusted than the one that signs") {
		t.Errorf("it says:\n%s", w.out.String())
	}
}

func TestInterruptedDistrustIsCompletedByTheNextRun(t *testing.T) {
	for n := 1; ; n++ {
		w, _ := rotated(t, kinds...)
		w.secrets.Writes, w.secrets.FailWrite = 0, n
		err := Run(t.Context(), w.with(distrust(kinds...)))
		if w.secrets.Writes < n {
			break
		}
		if !errors.Is(err, fakehost.ErrInjected) {
			t.Fatalf("write %d: Run = %v", n, err)
		}
		w.secrets.FailWrite = 0
		w.run(distrust(kinds...))
		for _, k := range kinds {
			w.onlySigner(k)
		}
		mutualTrust(t, w.now, w)
		for _, name := range allWorkloads {
			want := int64(2)
			if name == "fellowship-dns" {
				want++ // for its certificate
			}
			if times := w.workloads.Patched()[name]; times != want {
				t.Errorf("write %d: %s was rolled %d times, want %d: for the new authorities, and without the old ones", n, name, times, want)
			}
		}
	}
}
