package memberdns

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

func withKubeDNS(objects ...runtime.Object) *cluster {
	c := newCluster(append(objects, dnsService(), kubeDNSPod())...)
	c.configMap, c.key = kubeDNSConfigMap, federationsKey
	return c
}

func TestConfigureAndForgetKubeDNS(t *testing.T) {
	tests := []struct {
		name         string
		before       *corev1.ConfigMap // nil: none
		then, second string            // the key with one federation, and with another
	}{
		{"no ConfigMap", nil, "fellowship=example.com", "fellowship=example.com,rohirrim=example.org"},
		{"no key", configMap("kube-dns", "stubDomains", `{"a": ["10.0.0.1"]}`), "fellowship=example.com", "fellowship=example.com,rohirrim=example.org"},
		{"an empty key", configMap("kube-dns", "federations", ""), "fellowship=example.com", "fellowship=example.com,rohirrim=example.org"},
		{"others in it", configMap("kube-dns", "federations", "a=b\n"), "a=b\n,fellowship=example.com", "a=b\n,fellowship=example.com,rohirrim=example.org"},
	}
	rohirrim := Federation{Namespace: "rohan", Name: "rohirrim", UID: "1", Zone: "example.org"}
	for _, tt := range tests {
		for _, order := range [][]Federation{{fellowship, rohirrim}, {rohirrim, fellowship}} {
			t.Run(tt.name+", left first by "+order[0].Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := withKubeDNS()
					if tt.before != nil {
						c = withKubeDNS(tt.before)
					}
					got, err := Configure(t.Context(), c.options(), Auto)
					if err != nil || !got.Changed || len(got.Warnings) > 0 || c.text() != tt.then {
						t.Fatalf("got %+v, %v; the key is %q", got, err, c.text())
					}
					o := c.options()
					o.Federation = rohirrim
					if _, err := Configure(t.Context(), o, KubeDNS); err != nil || c.text() != tt.second {
						t.Fatalf("got %v; the key is %q", err, c.text())
					}
					if again, err := Configure(t.Context(), c.options(), KubeDNS); err != nil || again.Changed {
						t.Errorf("once more: %+v, %v", again, err)
					}
					for _, f := range order {
						if from, err := Forget(t.Context(), c, f); err != nil || len(from) != 1 {
							t.Errorf("forgotten: %v, %v", from, err)
						}
					}
					if diff := cmp.Diff(tt.before, c.get(t, "kube-dns"), cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("the ConfigMap (-before +after):\n%s", diff)
					}
				})
			})
		}
	}
}

func TestConfigureKubeDNSWarnsOfWhatItRefuses(t *testing.T) {
	t.Run("an element with a dot at its end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := withKubeDNS(configMap("kube-dns", "federations", "a=b."))
			got, err := Configure(t.Context(), c.options(), Auto)
			if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], `"a=b."`) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	})
}

func TestKubeDNSGetsItsFormerZoneBack(t *testing.T) {
	t.Run("when it breaks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := withKubeDNS(configMap("kube-dns", "federations", "a=b, fellowship=old.example"))
			o := c.options()
			asked := 0
			o.Ask = countdown(&asked, c.ask)
			_, err := Configure(t.Context(), o, Auto)
			wantError(t, err, errBroken, "as it was")
			if got := c.text(); got != "a=b, fellowship=old.example" {
				t.Errorf("the key is %q", got)
			}
		})
	})
}

// custom is a cluster as AKS and k3s make them.
func custom(objects ...runtime.Object) *cluster {
	pod := with(coreDNSPod("coredns-1"), func(p *corev1.Pod) {
		p.Spec.Volumes = append(p.Spec.Volumes, fromConfigMap("custom", "coredns-custom"))
		p.Spec.Containers[0].VolumeMounts = append(p.Spec.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "custom", MountPath: "/etc/coredns/custom"})
	})
	c := newCluster(append(objects, dnsService(), pod, configMap("coredns", "Corefile", corefile+"import custom/*.server\n"), resolverService(), resolverPod())...)
	c.configMap, c.key = "coredns-custom", "fellowship.server"
	return c
}

func TestConfigureAndForgetAdditionsToACorefile(t *testing.T) {
	for name, before := range map[string]*corev1.ConfigMap{
		"there is no ConfigMap for them": nil, "it is empty": configMap("coredns-custom"), "it has some": configMap("coredns-custom", "mine.server", "x {\n}"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := custom()
				if before != nil {
					c = custom(before)
				}
				if got, err := Configure(t.Context(), c.options(), Auto); err != nil || !got.Changed {
					t.Fatalf("got %+v, %v", got, err)
				}
				if want := strings.TrimPrefix(written, corefile); c.text() != want {
					t.Errorf("the key is %q", c.text())
				}
				if got, err := Check(t.Context(), c.options()); err != nil || got.State != InPlace || got.Err != nil {
					t.Errorf("check says %+v, %v", got, err)
				}
				if from, err := Forget(t.Context(), c, fellowship); err != nil || len(from) != 1 {
					t.Errorf("forgotten: %v, %v", from, err)
				}
				if diff := cmp.Diff(before, c.get(t, "coredns-custom"), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("the ConfigMap (-before +after):\n%s", diff)
				}
			})
		})
	}
	t.Run("the Corefile itself serves the domain", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := custom()
			taken := corefile + "import custom/*.server\nfellowship.svc.cluster.local {\n}\n"
			if _, err := c.CoreV1().ConfigMaps("kube-system").Update(t.Context(), configMap("coredns", "Corefile", taken), metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			_, err := Configure(t.Context(), c.options(), Auto)
			wantError(t, err, clusterdns.ErrServed, "let it forward fellowship.svc.cluster.local to 10.0.0.53")
			if got := c.get(t, "coredns-custom"); got != nil {
				t.Errorf("written: %q", got.Data)
			}
		})
	})
}

func TestABlockOfSomebodyElseWillDoWhenItAnswers(t *testing.T) {
	const handmade = corefile + "fellowship.svc.cluster.local {\n    forward . 10.0.0.53\n}\n"
	c := corefiled(handmade)
	if got, err := Configure(t.Context(), c.options(), Auto); err != nil || got.Changed {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := Check(t.Context(), c.options()); err != nil || got.State != InPlace || got.Err != nil {
		t.Errorf("check says %+v, %v", got, err)
	}
	c.deaf = true
	_, err := Configure(t.Context(), c.options(), Auto)
	wantError(t, err, clusterdns.ErrServed)
	if got, err := Check(t.Context(), c.options()); err != nil || got.State != Missing || !strings.Contains(got.Why, "put there by somebody else") {
		t.Errorf("check says %+v, %v", got, err)
	}
	if got := c.text(); got != handmade {
		t.Errorf("the Corefile is now\n%s", got)
	}
}

func TestADNSThatIsNotOursToChange(t *testing.T) {
	reconciled := with(configMap("coredns", "Corefile", corefile), func(cm *corev1.ConfigMap) {
		cm.Labels = map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}
	})
	owned := with(configMap("coredns", "Corefile", corefile), func(cm *corev1.ConfigMap) {
		yes := true
		cm.OwnerReferences = []metav1.OwnerReference{{Kind: "Installation", Name: "default", Controller: &yes}}
	})
	copied := with(coreDNSPod("coredns-1"), func(p *corev1.Pod) {
		p.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "config-volume", MountPath: "/etc/coredns/Corefile", SubPath: "Corefile"}}
	})
	still := configMap("coredns", "Corefile", strings.Replace(corefile, "    reload\n", "", 1))
	tests := []struct {
		name      string
		pod       *corev1.Pod
		configMap *corev1.ConfigMap
		want      string
	}{
		{"an addon manager puts it back", coreDNSPod("coredns-1"), reconciled, "is put back by the addon manager"},
		{"an operator writes it", coreDNSPod("coredns-1"), owned, `is written by Installation "default"`},
		{"its pods do not follow it", copied, configMap("coredns", "Corefile", corefile), "a copy of ConfigMap"},
		{"CoreDNS does not look at it again", coreDNSPod("coredns-1"), still, `has no plug-in "reload"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(dnsService(), tt.pod, tt.configMap, resolverService(), resolverPod())
				got, err := Configure(t.Context(), c.options(), Auto)
				wantError(t, err, ErrByHand, tt.want, "forward fellowship.svc.cluster.local to 10.0.0.53", "\nfellowship.svc.cluster.local:53 {\n")
				if got.Changed || c.text() != tt.configMap.Data["Corefile"] {
					t.Errorf("the Corefile is now\n%s", c.text())
				}
				if got, err := Check(t.Context(), c.options()); err != nil || got.State != Missing || !strings.Contains(got.Why, tt.want) {
					t.Errorf("check says %+v, %v", got, err)
				}
				byHand := with(tt.configMap.DeepCopy(), func(cm *corev1.ConfigMap) {
					cm.Data["Corefile"] += "fellowship.svc.cluster.local {\n    forward . 10.0.0.53\n}\n"
				})
				if _, err := c.CoreV1().ConfigMaps("kube-system").Update(t.Context(), byHand, metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
				if got, err := Configure(t.Context(), c.options(), Auto); err != nil || got.Changed {
					t.Errorf("set up by hand: %+v, %v", got, err)
				}
				if got, err := Check(t.Context(), c.options()); err != nil || got.State != InPlace {
					t.Errorf("set up by hand, check says %+v, %v", got, err)
				}
			})
		})
	}
}
