package pki

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/pki"
)

var allWorkloads = []string{"fellowship-apiserver", "fellowship-controller-manager", "fellowship-etcd", "fellowship-dns", "fellowship-dns-etcd"}

// readers are the workloads that read an authority's bundle only when they start.
var readers = map[Kind][]string{
	Cluster:    {"fellowship-apiserver", "fellowship-controller-manager"},
	Etcd:       {"fellowship-apiserver", "fellowship-etcd"},
	FrontProxy: {"fellowship-apiserver"},
	DNSEtcd:    {"fellowship-dns", "fellowship-dns-etcd"},
}

// rolls is how often pods start anew until the authority is changed: CoreDNS also for its new certificate.
func rolls(k Kind) int {
	if k == DNSEtcd {
		return len(readers[k]) + 1
	}
	return len(readers[k])
}

// trustedIn is a Secret, other than R-ca, with the authority's bundle, and the bundle's key.
func trustedIn(k Kind) (which, key string) {
	if k == DNSEtcd {
		return secrets.DNSEtcd, "ca.crt"
	}
	return secrets.APIServer, k.certKey()
}

func total(rolled map[string]int64) (n int) {
	for _, times := range rolled {
		n += int(times)
	}
	return n
}

func rotate(k ...Kind) func(*Options) { return func(o *Options) { o.Rotate = k } }

// running is a control plane that is up.
func running(t *testing.T) *world {
	t.Helper()
	w := installed(t)
	w.workloads.Add(allWorkloads...)
	w.publishedKubeconfig()
	w.now = w.now.Add(oneDay)
	return w
}

// signers are the serial numbers of the authorities that sign.
func (w *world) signers() map[Kind]string {
	w.t.Helper()
	out := map[Kind]string{}
	for _, k := range kinds {
		out[k] = w.cert(secrets.CA, k.certKey()).SerialNumber.String()
	}
	return out
}

// The life of a federation that nobody looks after: renew runs every day until
// the third authority is the only one. Whoever reads the Secrets a day late is
// never turned away.
func TestAuthoritiesChangeWithoutAnybodyBeingTurnedAway(t *testing.T) {
	const year = 365 * oneDay
	threeYears := func(o *Options) { o.CAValidity = 3 * year }
	w := newWorld(t)
	w.workloads.Add(allWorkloads...)
	w.run(threeYears)
	w.publishedKubeconfig()
	first := w.signers()
	var changes []time.Duration
	begin, signer := w.now, first[Cluster]
	yesterday := w.snapshot()
	for w.now.Before(begin.Add(5*year + year/2)) {
		step := 20 * oneDay // nothing happens most of the time
		if len(w.data(secrets.CA)["ca-next.key"]) > 0 || w.nearTurn() {
			step = oneDay
		}
		w.now = w.now.Add(step)
		w.run(threeYears)
		if step == oneDay {
			mutualTrust(t, w.now, w, yesterday)
		}
		yesterday = w.snapshot()
		w.workloads.Rollout()
		if now := w.signers()[Cluster]; now != signer {
			signer = now
			changes = append(changes, w.now.Sub(begin))
		}
		if t.Failed() {
			t.Fatalf("on day %d", w.now.Sub(begin)/oneDay)
		}
	}
	if len(changes) != 2 {
		t.Fatalf("the authority changed after %v, want two changes", changes)
	}
	for k, serial := range w.signers() {
		if serial == first[k] {
			t.Errorf("the %s authority never changed", k)
		}
	}
	if n := len(w.bundle(secrets.APIServer, "ca.crt")); n != 1 {
		t.Errorf("%d authorities are trusted in the end: those that expired were not dropped", n)
	}
}

// nearTurn reports whether an authority is about to be replaced or to expire,
// or has just been.
func (w *world) nearTurn() bool {
	for _, c := range w.bundle(secrets.CA, "ca.crt") {
		life := c.NotAfter.Sub(c.NotBefore)
		for _, turn := range []time.Time{c.NotBefore.Add(life / 3 * 2), c.NotAfter} {
			if left := turn.Sub(w.now); left > -5*oneDay && left < 21*oneDay {
				return true
			}
		}
	}
	return false
}

func TestRotationSteps(t *testing.T) {
	for _, k := range kinds {
		t.Run(string(k), func(t *testing.T) {
			w := running(t)
			installedWith, before := w.snapshot(), w.signers()

			w.now = w.now.Add(oneDay)
			w.run(rotate(k))
			announced := w.snapshot()
			mutualTrust(t, w.now, w, installedWith)
			if got := w.signers()[k]; got != before[k] {
				t.Error("the new authority signs at once")
			}
			rolled := w.workloads.Patched()
			for _, name := range readers[k] {
				if rolled[name] != 1 {
					t.Errorf("%s was rolled %d times, want once", name, rolled[name])
				}
			}
			if n := total(rolled); n != len(readers[k]) {
				t.Errorf("%d workloads were rolled, want only %q", n, readers[k])
			}

			w.now = w.now.Add(30 * time.Minute)
			w.workloads.Rollout()
			w.run()
			if got := w.signers()[k]; got != before[k] {
				t.Error("the new authority signs before files can have reached everybody")
			}

			w.now = w.now.Add(time.Hour)
			w.run()
			mutualTrust(t, w.now, w, announced)
			if got := w.signers()[k]; got == before[k] {
				t.Fatalf("the new authority does not sign:\n%s", w.out.String())
			}
			for _, other := range kinds {
				if other != k && w.signers()[other] != before[other] {
					t.Errorf("the %s authority changed too", other)
				}
			}
			if len(w.data(secrets.CA)[k.nextKey()]) > 0 {
				t.Error("the key that is to sign next is still there")
			}

			writes := w.secrets.Writes
			w.run()
			if w.secrets.Writes != writes {
				t.Error("a further run wrote something")
			}
			if n := total(w.workloads.Patched()); n != rolls(k) {
				t.Errorf("pods were rolled %d times in all, want %d", n, rolls(k))
			}
		})
	}
}

func TestRotationWaitsForWhoDoesNotTrustYet(t *testing.T) {
	tests := []struct {
		name string
		hold func(w *world)
		free func(w *world)
	}{
		{
			name: "pods that are not rolled out",
			hold: func(*world) {},
			free: func(w *world) { w.workloads.Rollout() },
		},
		{
			name: "a Secret that somebody put back to what it was",
			hold: func(w *world) {
				w.workloads.Rollout()
				s := w.secrets.All()["fellowship-admin-certs"]
				s.Data["ca.crt"] = pki.EncodeBundle(w.bundle(secrets.CA, "ca.crt")[:1])
				w.secrets.Put(s)
			},
			free: func(*world) {}, // the run that noticed has mended it
		},
		{
			name: "a kubeconfig that is not refreshed",
			hold: func(w *world) {
				w.workloads.Rollout()
				s := w.secrets.All()["fellowship-kubeconfig"]
				config, err := kubeconfig.Decode(s.Data["kubeconfig"])
				if err != nil {
					w.t.Fatal(err)
				}
				config.Clusters["fellowship"].CertificateAuthorityData = pki.EncodeBundle(w.bundle(secrets.CA, "ca.crt")[:1])
				if s.Data["kubeconfig"], err = kubeconfig.Encode(config); err != nil {
					w.t.Fatal(err)
				}
				w.secrets.Put(s)
			},
			free: func(*world) {},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := running(t)
			before := w.signers()[Cluster]
			w.run(rotate(Cluster))
			w.now = w.now.Add(oneDay)
			tt.hold(w)
			w.run()
			if w.signers()[Cluster] != before {
				t.Fatal("the new authority signs already")
			}
			tt.free(w)
			w.run()
			if w.signers()[Cluster] == before {
				t.Errorf("the new authority still does not sign:\n%s", w.out.String())
			}
			mutualTrust(t, w.now, w)
		})
	}
}

// A run that is tried again, or an upgrade with the value still set, asks for
// the change that is under way, and not for one more.
func TestForcedRotationIsOneHoweverOftenItIsAskedFor(t *testing.T) {
	w := running(t)
	before := w.signers()[Cluster]
	for range 3 {
		w.run(rotate(Cluster, Etcd))
		w.workloads.Rollout()
		w.now = w.now.Add(oneDay)
	}
	if n := len(w.bundle(secrets.CA, "ca.crt")); n != 2 || w.signers()[Cluster] != before {
		t.Errorf("%d authorities are trusted, want the old one, which signs, and the new one", n)
	}
	if !strings.Contains(w.out.String(), "cluster: a new authority is announced already, and signs after a run that asks for none") {
		t.Errorf("it does not say how this goes on:\n%s", w.out.String())
	}
	w.run()
	if n := len(w.bundle(secrets.CA, "ca.crt")); n != 2 || w.signers()[Cluster] == before {
		t.Errorf("%d authorities are trusted, want the new one, which signs, and the old one", n)
	}
}

func TestInterruptedRotationIsCompletedByTheNextRuns(t *testing.T) {
	stages := map[string]func(*world) []func(*Options){
		"announced": func(*world) []func(*Options) { return []func(*Options){rotate(kinds...)} },
		"promoted": func(w *world) []func(*Options) {
			w.run(rotate(kinds...))
			w.workloads.Rollout()
			w.now = w.now.Add(oneDay)
			return nil
		},
	}
	for name, stage := range stages {
		t.Run(name, func(t *testing.T) {
			for k := 1; ; k++ {
				w := running(t)
				before := w.signers()
				o := w.options()
				for _, change := range stage(w) {
					change(&o)
				}
				o.Now = w.options().Now
				earlier := w.snapshot()
				w.secrets.Writes, w.secrets.FailWrite = 0, k
				err := Run(t.Context(), o)
				if w.secrets.Writes < k {
					break
				}
				if !errors.Is(err, fakehost.ErrInjected) {
					t.Fatalf("write %d: Run = %v", k, err)
				}
				w.secrets.FailWrite = 0
				mutualTrust(t, w.now, w, earlier)
				w.run(func(o *Options) {
					if k == 1 && name == "announced" {
						o.Rotate = kinds // that run had done nothing
					}
				})
				for range 2 {
					earlier = w.snapshot()
					w.workloads.Rollout()
					w.now = w.now.Add(oneDay)
					w.run()
					mutualTrust(t, w.now, w, earlier)
				}
				for kind, serial := range w.signers() {
					if serial == before[kind] || len(w.bundle(secrets.CA, kind.certKey())) != 2 {
						t.Errorf("write %d: the %s authority did not change once: %d are trusted", k, kind, len(w.bundle(secrets.CA, kind.certKey())))
					}
				}
			}
		})
	}
}

func TestPodsAreRolledAgainWhenThatFailed(t *testing.T) {
	w := running(t)
	w.workloads.FailPatch = errors.New("no")
	o := w.options()
	o.Rotate = []Kind{Etcd}
	err := Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "statefulset federation-system/fellowship-etcd") {
		t.Fatalf("Run = %v", err)
	}
	w.workloads.FailPatch = nil
	w.run()
	for _, name := range readers[Etcd] {
		if w.workloads.Patched()[name] != 1 {
			t.Errorf("%s was not rolled", name)
		}
	}
}

func TestEtcdThatWouldLoseItsDataIsNotRolled(t *testing.T) {
	w := running(t)
	w.workloads.Ephemeral = true
	before := w.secrets.All()
	w.run(rotate(Etcd))
	if diff := cmp.Diff(before, w.secrets.All()); diff != "" || total(w.workloads.Patched()) > 0 {
		t.Errorf("a change was begun: %s", diff)
	}
	if !strings.Contains(w.out.String(), "fellowship-ca: kept (etcd: no new authority can be announced: statefulset federation-system/fellowship-etcd keeps its data in its pods") {
		t.Errorf("it does not say why:\n%s", w.out.String())
	}
	w.run(rotate(Cluster)) // which is nothing to etcd
	if n := w.workloads.Patched()["fellowship-etcd"]; n != 0 || len(w.bundle(secrets.CA, "ca.crt")) != 2 {
		t.Errorf("etcd was rolled %d times", n)
	}
}

func TestCopiedKubeconfigsSurviveTheChange(t *testing.T) {
	w := running(t)
	onlyOld := w.bundle(secrets.Admin, "ca.crt")
	w.run(rotate(Cluster))
	w.workloads.Rollout()
	w.now = w.now.Add(oneDay)
	w.run()
	if err := pki.Verify(w.bundle(secrets.APIServer, "server.crt"), onlyOld, pki.Server, w.now); err != nil {
		t.Errorf("who knows only the old authority does not trust the API server: %v", err)
	}
}

func TestExpiredAuthorityIsReplacedAtOnce(t *testing.T) {
	w := running(t)
	before := w.signers()
	w.now = w.now.Add(11 * 365 * oneDay)
	w.run()
	for k, serial := range w.signers() {
		if serial == before[k] {
			t.Errorf("the %s authority expired and still signs", k)
		}
	}
	mutualTrust(t, w.now, w)
	for name, n := range w.workloads.Patched() {
		if n != 1 {
			t.Errorf("%s was rolled %d times, want once", name, n)
		}
	}
}
