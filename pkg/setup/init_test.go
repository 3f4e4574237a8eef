package setup

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedchart "github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
)

func TestInit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.init()
	o.Options.DNS = fedchart.DNS{Provider: "coredns", Zone: "example.com.", Config: []byte("[Global]\netcd-endpoints = http://etcd:2379\nzones = example.com.\n")}
	result, err := Init(context.Background(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if result.Outcome != release.Installed || result.Server != w.address || result.Context != "fellowship" || result.Kubeconfig != w.file || result.Warning != "" {
		t.Errorf("Init = %+v", result)
	}
	if got := w.entry(); got != w.address {
		t.Errorf("the kubeconfig leads to %q", got)
	}
	if w.cameUp != 1 {
		t.Errorf("that it came up was recorded %d times, want once", w.cameUp)
	}
	want := []string{"deployment/fellowship-apiserver", "lease/fellowship-fedhelm", "namespace/federation-system", "secret/fellowship-dns-provider", "secret/fellowship-kubeconfig"}
	if got := w.objects(); !slices.Equal(got, want) {
		t.Errorf("the host cluster has %v, want %v", got, want)
	}
	if lease, err := w.client.CoordinationV1().Leases(fellowship.Namespace).Get(context.Background(), "fellowship-fedhelm", metav1.GetOptions{}); err != nil || lease.Spec.HolderIdentity != nil {
		t.Errorf("the lock is %+v, %v; want it free", lease, err)
	}

	result, err = Init(context.Background(), o)
	if err != nil || result.Outcome != release.Unchanged {
		t.Errorf("the second time: %+v, %v; want it unchanged", result, err)
	}
}

func TestInitRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*world, *InitOptions)
		want   string
	}{
		{name: "a host cluster that lacks what is needed", want: `no StorageClass "fast"`, change: func(_ *world, o *InitOptions) {
			o.Options.Base = map[string]any{"controlPlane": map[string]any{"etcd": map[string]any{"persistence": map[string]any{"enabled": true, "storageClass": "fast"}}}}
		}},
		{name: "a name that the kubeconfig has for something else", want: "fellowship", change: func(w *world, _ *InitOptions) {
			other := "apiVersion: v1\nkind: Config\nclusters: [{name: fellowship, cluster: {server: \"https://other\"}}]\ncontexts: []\nusers: []\n"
			if err := os.WriteFile(w.file, []byte(other), 0o600); err != nil {
				w.t.Fatal(err)
			}
		}},
		{name: "a release of another chart", want: "another chart", change: func(w *world, _ *InitOptions) {
			w.applyErr = release.ErrOtherChart
		}},
		{name: "values that the running release does not take", want: "etcd.replicas", change: func(w *world, _ *InitOptions) {
			w.applyErr = &release.ChartError{Problems: []string{"etcd.replicas: no"}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			o := w.init()
			tt.change(w, &o)
			_, err := Init(context.Background(), o)
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want a refusal about %q", err, tt.want)
			}
			if got := w.objects(); slices.ContainsFunc(got, func(o string) bool { return !strings.HasPrefix(o, "namespace/") && !strings.HasPrefix(o, "lease/") }) {
				t.Errorf("the host cluster has %v", got)
			}
		})
	}
}

func TestInitKnowsItsEntryThoughThePublishedSecretIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := Init(context.Background(), w.init()); err != nil {
		t.Fatal(err)
	}
	if err := w.client.CoreV1().Secrets(fellowship.Namespace).Delete(context.Background(), "fellowship-kubeconfig", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.put(&corev1.Secret{ObjectMeta: labelled("fellowship-admin-certs", federation.ManagedByHook), Data: map[string][]byte{"ca.crt": w.authority.CertPEM()}})
	if _, err := Init(context.Background(), w.init()); err != nil {
		t.Fatal(err)
	}
	if !w.requests[len(w.requests)-1].Force {
		t.Error("the hook that publishes did not run again")
	}
}

func TestInitLeavesTheUsersOwnDNSSecretAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-dns-provider", Namespace: fellowship.Namespace}})
	o := w.init()
	o.Options.DNS.Config = []byte("[Global]\n")
	if _, err := Init(context.Background(), o); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "global.dns.configSecret=fellowship-dns-provider") {
		t.Errorf("got %v, want ErrRefused with the way out", err)
	}
	if got := w.objects(); !slices.Equal(got, []string{"secret/fellowship-dns-provider"}) {
		t.Errorf("the host cluster has %v", got)
	}
}

func TestInitRefusesADNSSecretThatCannotWork(t *testing.T) {
	t.Parallel()
	content := []byte("[Global]\netcd-endpoints = http://etcd:2379\nzones = example.org.\n")
	w := newWorld(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "ours", Namespace: fellowship.Namespace}, Data: map[string][]byte{fedchart.DNSConfigKey: content},
	})
	o := w.init()
	o.Options.DNS = fedchart.DNS{Provider: "coredns", Zone: "example.com."}
	o.Options.Base = map[string]any{"global": map[string]any{"dns": map[string]any{"configSecret": "ours"}}}
	if _, err := Init(context.Background(), o); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), `Secret "ours", key "federation-dns-provider.conf": zones: example.com. is missing`) {
		t.Errorf("got %v, want ErrRefused that names Secret, key and zone", err)
	}
	if got := w.objects(); !slices.Equal(got, []string{"secret/ours"}) {
		t.Errorf("the host cluster has %v", got)
	}
}

func TestInitReportsAllThatKeepsItFromBeginning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := "apiVersion: v1\nkind: Config\nclusters: [{name: fellowship, cluster: {server: \"https://other\"}}]\ncontexts: []\nusers: []\n"
	if err := os.WriteFile(w.file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	o := w.init()
	o.Options.ImagePullSecrets = []string{"missing"}
	o.Options.Etcd = fedchart.Etcd{Servers: []string{"https://a:2379"}, TLSSecret: "lost"}
	_, err := Init(context.Background(), o)
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "https://other") || !strings.Contains(err.Error(), `no Secret "missing"`) ||
		!strings.Contains(err.Error(), `no Secret "lost"`) {
		t.Errorf("got %v, want a word about the kubeconfig and one about each Secret", err)
	}
}

func TestInitWhileSomebodyElseIsAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, lock, err := federation.Acquire(context.Background(), w.client, fellowship, "Boromir", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lock.Release(context.Background()); err != nil {
			t.Error(err)
		}
	})
	_, err = Init(context.Background(), w.init())
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "Boromir") {
		t.Errorf("got %v, want a refusal that names the holder", err)
	}
	if len(w.requests) > 0 {
		t.Error("Helm was asked all the same")
	}
}

func TestInitGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*world)
		mend  func(*world)
		class error
		want  string
	}{
		{
			name:  "a hook that failed",
			spoil: func(w *world) { w.applyErr = &release.HookError{Job: "fellowship-pki", Message: "no luck"} },
			mend:  func(w *world) { w.applyErr = nil },
			want:  "hook fellowship-pki: no luck; run the same command again",
		},
		{
			name:  "pods that do not come up",
			spoil: func(w *world) { w.unready = true },
			mend: func(w *world) {
				w.unready = false
				if err := w.client.Tracker().Update(deployments, w.deployment(), fellowship.Namespace); err != nil {
					w.t.Fatal(err)
				}
			},
			class: ErrTimedOut, want: "timed out after 1.5s",
		},
		{
			name:  "an API that is not ready",
			spoil: func(w *world) { w.ready.Store(false) },
			mend:  func(w *world) { w.ready.Store(true) },
			class: ErrTimedOut, want: "not ready yet",
		},
		{
			name:  "an address that leads nowhere",
			spoil: func(w *world) { w.address = "https://" + closedPort },
			mend: func(w *world) {
				w.address = w.server.URL
				secret := &corev1.Secret{ObjectMeta: labelled("fellowship-kubeconfig", federation.ManagedByHook), Data: map[string][]byte{"kubeconfig": w.kubeconfig()}}
				if err := w.client.Tracker().Update(secrets, secret, fellowship.Namespace); err != nil {
					w.t.Fatal(err)
				}
			},
			class: ErrTimedOut, want: "--api-server-advertise-address",
		},
		{
			name:  "a hook that published nothing",
			spoil: func(w *world) { w.unpublished = true },
			mend:  func(w *world) { w.unpublished = false },
			want:  `Secret "fellowship-kubeconfig"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.spoil(w)
			o := w.init()
			o.Timeout = 1500 * time.Millisecond
			_, err := Init(context.Background(), o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.class != nil && !errors.Is(err, tt.class) {
				t.Fatalf("got %v, want an error about %q of class %v", err, tt.want, tt.class)
			}
			if w.entry() != "" {
				t.Error("the kubeconfig has an entry for a federation that does not work")
			}
			tt.mend(w)
			if _, err := Init(context.Background(), w.init()); err != nil {
				t.Fatalf("after mending: %v", err)
			}
			if got := w.entry(); got != w.server.URL {
				t.Errorf("after mending the kubeconfig leads to %q", got)
			}
		})
	}
}

func TestInitOfAClusterIPThatDoesNotLeadHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.address = "https://" + closedPort
	o := w.init()
	o.Options.APIServer.ServiceType = "ClusterIP"
	result, err := Init(context.Background(), o)
	if err != nil || !strings.Contains(result.Warning, "port-forward service/fellowship-apiserver") {
		t.Fatalf("Init = %+v, %v; want a warning that says what to do", result, err)
	}
	if got := w.entry(); got != w.address {
		t.Errorf("the kubeconfig leads to %q", got)
	}
}

func TestInitThatIsInterruptedGivesTheLockBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.unready = true
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	if _, err := Init(ctx, w.init()); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if w.cameUp != 0 {
		t.Error("it was recorded to have come up")
	}
	lease, err := w.client.CoordinationV1().Leases(fellowship.Namespace).Get(context.Background(), "fellowship-fedhelm", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity != nil {
		t.Errorf("the lock is %+v, %v; want it free", lease.Spec, err)
	}
}

var (
	deployments = appsv1.SchemeGroupVersion.WithResource("deployments")
	secrets     = corev1.SchemeGroupVersion.WithResource("secrets")
)

// closedPort is an address where nothing listens: a port that no listener is ever given by chance, as one that was just closed may be.
const closedPort = "127.0.0.1:1"
