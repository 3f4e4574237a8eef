package memberdns

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
)

func TestConfigureAndForgetCoreDNS(t *testing.T) {
	c := kubeadm(coreDNSPod("coredns-2"))
	got, err := Configure(t.Context(), c.options(), Auto)
	if err != nil || !got.Changed || got.Server.Kind != CoreDNS || got.Server.Domain != "cluster.local" || len(got.Warnings) > 0 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if diff := cmp.Diff(written, c.text()); diff != "" {
		t.Errorf("the Corefile (-want +got):\n%s", diff)
	}
	c.noMarks(t)
	if again, err := Configure(t.Context(), c.options(), CoreDNS); err != nil || again.Changed {
		t.Errorf("once more: %+v, %v", again, err)
	}
	from, err := Forget(t.Context(), c, fellowship)
	if diff := cmp.Diff([]string{"kube-system/coredns"}, from); err != nil || diff != "" {
		t.Errorf("forgotten: %v, %v", from, err)
	}
	c.asBefore(t)
	if from, err := Forget(t.Context(), c, fellowship); err != nil || from != nil {
		t.Errorf("forgotten once more: %v, %v", from, err)
	}
}

func TestConfigureWritesNothing(t *testing.T) {
	tests := []struct {
		name   string
		change func(*testing.T, *cluster)
		is     error
		want   string
	}{
		{"without a resolver", func(t *testing.T, c *cluster) {
			t.Helper()
			if err := c.CoreV1().Services("federation-system").Delete(t.Context(), "fellowship-resolver", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}, nil, `there is no Service "federation-system/fellowship-resolver"`},
		{"before the resolver answers", func(_ *testing.T, c *cluster) { c.resolver = false }, ErrNoAnswer,
			`wait for the federation's resolver: no answer in time: pod "federation-system/fellowship-resolver-1": the answer for _fedhelm.fellowship.svc.cluster.local is NXDOMAIN; look at: kubectl --namespace federation-system describe deployment fellowship-resolver`},
		{"for another federation's resolver", func(_ *testing.T, c *cluster) { c.foreign = "other" }, ErrNoAnswer, "is that of another federation"},
		{"while no pod of the DNS is ready", func(t *testing.T, c *cluster) {
			t.Helper()
			p := coreDNSPod("coredns-1")
			p.Status.Conditions = nil
			if _, err := c.CoreV1().Pods("kube-system").Update(t.Context(), p, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}, ErrNoAnswer, `no pod "k8s-app=kube-dns" in namespace "kube-system" is ready; nothing was written`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubeadm()
				tt.change(t, c)
				_, err := Configure(t.Context(), c.options(), Auto)
				wantError(t, err, tt.is, tt.want)
				c.asBefore(t)
			})
		})
	}
}

func TestConfigureGivesUpSoonWhereNoPodCanBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubeadm()
		c.resolver = false
		o := c.options()
		o.Ask = func(context.Context, types.NamespacedName, int, ...*dns.Msg) ([]*dns.Msg, error) {
			return nil, errors.New("unable to upgrade connection")
		}
		begun := time.Now()
		_, err := Configure(t.Context(), o, Auto)
		wantError(t, err, nil, "unable to upgrade connection", "nothing was written")
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
		c.asBefore(t)
	})
}

func TestConfigureIsUndone(t *testing.T) {
	t.Run("when the DNS does not answer in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := kubeadm()
			c.deaf = true
			_, err := Configure(t.Context(), c.options(), Auto)
			wantError(t, err, ErrNoAnswer, `pod "kube-system/coredns-1": the answer for _fedhelm.fellowship.svc.cluster.local is NXDOMAIN`,
				"kubectl --namespace kube-system logs --selector k8s-app=kube-dns", `ConfigMap "kube-system/coredns" is as it was`)
			c.asBefore(t)
		})
	})
	t.Run("at once when the cluster's own names are not answered any more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := kubeadm()
			c.broken = true
			begun := time.Now()
			_, err := Configure(t.Context(), c.options(), Auto)
			wantError(t, err, errBroken, "the answer for kubernetes.default.svc.cluster.local is SERVFAIL", "as it was")
			if took := time.Since(begun); took > 25*time.Second {
				t.Errorf("it took %s", took)
			}
			c.asBefore(t)
		})
	})
	t.Run("when the caller gives up, with a context that is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := kubeadm()
			c.deaf = true
			enough := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			o := c.options()
			o.Progress = func(string) { cancel(enough) }
			_, err := Configure(ctx, o, Auto)
			wantError(t, err, enough, "as it was")
			c.asBefore(t)
		})
	})
	t.Run("and what others wrote meanwhile stays", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := kubeadm()
			c.deaf = true
			o := c.options()
			o.Progress = func(string) {
				cm, err := c.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "coredns", metav1.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				cm.Data["Corefile"] = "# first\n" + cm.Data["Corefile"] + "# last\n"
				if _, err := c.CoreV1().ConfigMaps("kube-system").Update(t.Context(), cm, metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Configure(t.Context(), o, Auto)
			wantError(t, err, ErrNoAnswer)
			if got, want := c.text(), "# first\n"+corefile+"# last\n"; got != want {
				t.Errorf("the Corefile is now\n%s", got)
			}
		})
	})
	t.Run("to the block that was there before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			old := strings.ReplaceAll(written, "10.0.0.53", "10.0.0.9")
			c := newCluster(dnsService(), coreDNSPod("coredns-1"), configMap("coredns", "Corefile", old), resolverService(), resolverPod())
			c.deaf = true
			_, err := Configure(t.Context(), c.options(), Auto)
			wantError(t, err, ErrNoAnswer)
			if got := c.text(); got != old {
				t.Errorf("the Corefile is now\n%s", got)
			}
		})
	})
	t.Run("but not what was there already", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(dnsService(), coreDNSPod("coredns-1"), configMap("coredns", "Corefile", written), resolverService(), resolverPod())
			c.deaf = true
			_, err := Configure(t.Context(), c.options(), Auto)
			wantError(t, err, ErrNoAnswer)
			if got := c.text(); got != written {
				t.Errorf("the Corefile is now\n%s", got)
			}
		})
	})
}

func TestConfigureWaits(t *testing.T) {
	t.Run("for a minute and a half and longer, and says once what for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := kubeadm()
			c.deaf = true
			time.AfterFunc(2*time.Minute, func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.deaf = false
			})
			var told []string
			o := c.options()
			o.Progress = func(waiting string) { told = append(told, waiting) }
			if got, err := Configure(t.Context(), o, Auto); err != nil || !got.Changed {
				t.Fatalf("got %+v, %v", got, err)
			}
			want := []string{`pod "kube-system/coredns-1": the answer for _fedhelm.fellowship.svc.cluster.local is NXDOMAIN`}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			c.noMarks(t)
		})
	})
	t.Run("no longer than it may", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := kubeadm()
			c.deaf = true
			o := c.options()
			o.Timeout = time.Minute
			begun := time.Now()
			_, err := Configure(t.Context(), o, Auto)
			wantError(t, err, ErrNoAnswer)
			if took := time.Since(begun); took < time.Minute || took > 61*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	})
}

func TestConfigureStartsAnewOnWhatSomebodyElseWrote(t *testing.T) {
	c := kubeadm()
	conflicts := 0
	c.PrependReactor("update", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		if conflicts++; conflicts > 1 {
			return false, nil, nil
		}
		cm := configMap("coredns", "Corefile", "# mine\n"+corefile)
		if err := c.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), cm, "kube-system"); err != nil {
			t.Error(err)
		}
		return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "coredns", errors.New("somebody was quicker"))
	})
	if _, err := Configure(t.Context(), c.options(), Auto); err != nil {
		t.Fatal(err)
	}
	if got, want := c.text(), "# mine\n"+written; got != want {
		t.Errorf("the Corefile is now\n%s", got)
	}
}

func TestAWriteWithoutAnAnswerIsUndone(t *testing.T) {
	c := kubeadm()
	lost := errors.New("connection lost")
	c.PrependReactor("update", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if lost == nil {
			return false, nil, nil
		}
		err := lost
		lost = nil
		cm := a.(clienttesting.UpdateAction).GetObject()
		return true, nil, errors.Join(err, c.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), cm, "kube-system"))
	})
	_, err := Configure(t.Context(), c.options(), Auto)
	wantError(t, err, nil, "connection lost", "as it was")
	c.asBefore(t)
}

func TestWhatAKilledRunLeftOnThePodsGoes(t *testing.T) {
	marked := with(coreDNSPod("coredns-1"), func(p *corev1.Pod) { p.Annotations = map[string]string{hastenAnnotation: "once"} })
	t.Run("with the next run", func(t *testing.T) {
		c := newCluster(dnsService(), marked.DeepCopy(), configMap("coredns", "Corefile", written), resolverService(), resolverPod())
		if got, err := Configure(t.Context(), c.options(), Auto); err != nil || got.Changed {
			t.Errorf("got %+v, %v", got, err)
		}
		c.noMarks(t)
	})
	t.Run("with leaving", func(t *testing.T) {
		c := newCluster(dnsService(), marked.DeepCopy(), configMap("coredns", "Corefile", written))
		if _, err := Forget(t.Context(), c, fellowship); err != nil {
			t.Error(err)
		}
		c.asBefore(t)
	})
}

func TestConfigureRefusesADamagedBlock(t *testing.T) {
	text := corefile + "# BEGIN fedhelm federation-system/fellowship:\n"
	c := newCluster(dnsService(), coreDNSPod("coredns-1"), configMap("coredns", "Corefile", text), resolverService(), resolverPod())
	_, err := Configure(t.Context(), c.options(), Auto)
	wantError(t, err, nil, `change ConfigMap "kube-system/coredns"`, "nothing ends it")
	_, err = Forget(t.Context(), c, fellowship)
	wantError(t, err, nil, `change ConfigMap "kube-system/coredns"`, "nothing ends it")
	if got := c.text(); got != text {
		t.Errorf("the Corefile is now\n%s", got)
	}
}

func TestConfigureLeavesAFederationWithoutAZoneAlone(t *testing.T) {
	c := kubeadm()
	o := c.options()
	o.Federation.Zone = ""
	got, err := Configure(t.Context(), o, Auto)
	if err != nil || got.Changed || got.Server.Kind != None || got.Server.String() != `federation "fellowship" has no DNS zone` {
		t.Errorf("got %+v, %v", got, err)
	}
	c.asBefore(t)
}
