//go:build integration

package servicedns_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

const (
	global  = "web.shop.fellowship.svc.example.com."
	west    = "web.shop.fellowship.svc.west.example.com."
	minas   = "web.shop.fellowship.svc.minas.west.example.com."
	east    = "web.shop.fellowship.svc.east.example.com."
	edoras  = "web.shop.fellowship.svc.edoras.east.example.com."
	gondorA = "203.0.113.7"
	rohanA  = "198.51.100.9"
)

func line(name, t, value string) string { return fmt.Sprintf("%s 60 %s %s", name, t, value) }

var (
	both = []string{
		line(global, "A", rohanA+" "+gondorA), line(west, "A", gondorA), line(minas, "A", gondorA), line(east, "A", rohanA), line(edoras, "A", rohanA),
	}
	gondorOnly = []string{
		line(global, "A", gondorA), line(west, "A", gondorA), line(minas, "A", gondorA), line(east, "CNAME", global), line(edoras, "CNAME", east),
	}
	rohanOnly = []string{
		line(global, "A", rohanA), line(west, "CNAME", global), line(minas, "CNAME", west), line(east, "A", rohanA), line(edoras, "A", rohanA),
	}
)

func TestIntegrationServiceLife(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", "west", "minas"), w.join("rohan", "east", "edoras")

	w.publish("web")
	gondor.balance("web", gondorA)
	rohan.balance("web", rohanA)
	w.condition("web", fedv1beta1.ReasonNoBackend, "gondor (NoReadyEndpoints)")
	w.names("no name while nothing is ready")
	gondor.endpoints("web", true)
	rohan.endpoints("web", true)
	if took := w.names("both members to be published", both...); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	w.condition("web", fedv1beta1.ReasonPublished, "gondor, rohan")

	t.Run("a member without ready endpoints is left out, and told of", func(*testing.T) {
		rohan.endpoints("web", false)
		w.names("rohan to be out", gondorOnly...)
		w.condition("web", fedv1beta1.ReasonPublished, "rohan (NoReadyEndpoints)")
		w.event("web", "DNSMoved", "not lead any more to rohan (NoReadyEndpoints)")
		rohan.endpoints("web", true)
		w.names("rohan to be back", both...)
	})
	t.Run("drained by the Cluster, and back", func(*testing.T) {
		w.annotate("", "gondor", fedv1beta1.AnnotationDNSDrain, "true")
		w.names("gondor to be drained", rohanOnly...)
		w.condition("web", fedv1beta1.ReasonPublished, "gondor (Drained)")
		w.annotate("", "gondor", fedv1beta1.AnnotationDNSDrain, "false")
		w.names("gondor to be back", both...)
	})
	t.Run("drained by the Service, and back", func(*testing.T) {
		w.annotate("web", "", fedv1beta1.AnnotationDNSDrain, "shire, rohan")
		w.names("rohan to be drained", gondorOnly...)
		w.condition("web", fedv1beta1.ReasonPublished, "dns-drain drains shire, which is no member")
		w.annotate("web", "", fedv1beta1.AnnotationDNSDrain, "")
		w.names("rohan to be back", both...)
	})
	t.Run("a restart rewrites nothing", func(t *testing.T) { testRestart(t, w) })
	t.Run("its TTL", func(*testing.T) {
		w.annotate("web", "", fedv1beta1.AnnotationDNSTTL, "1 minute")
		w.condition("web", fedv1beta1.ReasonRejected, "dns-ttl")
		w.event("web", "DNSRejected", "dns-ttl")
		w.annotate("web", "", fedv1beta1.AnnotationDNSTTL, "1m")
		w.condition("web", fedv1beta1.ReasonPublished, "")
	})
	t.Run("the zone is told of", func(*testing.T) { testZone(w) })
	t.Run("another type", func(t *testing.T) {
		w.must(w.api.CoreV1().Services("shop").Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"type":"ClusterIP"}}`), metav1.PatchOptions{}))
		w.names("no names of a ClusterIP")
		w.condition("web", "", "")
		w.must(w.api.CoreV1().Services("shop").Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"type":"LoadBalancer"}}`), metav1.PatchOptions{}))
		gondor.balance("web", gondorA)
		rohan.balance("web", rohanA)
		w.names("both members to be published again", both...)
	})
	t.Run("a member that leaves", func(*testing.T) {
		w.annotate("", "rohan", fedv1beta1.AnnotationLeaving, fedv1beta1.LeavingKeep)
		w.names("rohan and its places to be gone", line(global, "A", gondorA), line(west, "A", gondorA), line(minas, "A", gondorA))
	})
	t.Run("deletion", func(t *testing.T) {
		w.must(nil, w.api.CoreV1().Services("shop").Delete(t.Context(), "web", metav1.DeleteOptions{}))
		w.names("nothing to be left")
		w.eventually("marks to be gone as well", func() error {
			if left := w.dns.Dump(zone); len(left) > 0 {
				return fmt.Errorf("left: %q", left)
			}
			return nil
		})
	})
}

func testRestart(t *testing.T, w *world) {
	t.Helper()
	w.condition("web", fedv1beta1.ReasonPublished, "gondor, rohan")
	time.Sleep(3 * time.Second) // what is still to be written is
	w.stop()
	before, err := w.api.CoreV1().Services("shop").Get(t.Context(), "web", metav1.GetOptions{})
	w.must(nil, err)
	changes := w.dns.Calls(inmemory.CallChange)
	former := &fedv1beta1.DNSZone{
		ObjectMeta: metav1.ObjectMeta{Name: "example.org"},
		Spec:       fedv1beta1.DNSZoneSpec{Provider: "rfc2136", Zone: "example.org.", Suffix: "example.org.", Federation: fedapi.Federation, TTL: 60},
	}
	w.must(nil, w.clusters.Create(t.Context(), former))
	w.run()
	time.Sleep(8 * time.Second) // which is longer than anything waits
	after, err := w.api.CoreV1().Services("shop").Get(t.Context(), "web", metav1.GetOptions{})
	w.must(nil, err)
	if before.ResourceVersion != after.ResourceVersion {
		t.Errorf("the Service was written:\n%+v\n%+v", before, after)
	}
	if now := w.dns.Calls(inmemory.CallChange); now != changes {
		t.Errorf("%d changes of the zone", now-changes)
	}
	w.names("the names to be as they were", both...)
	if err := w.clusters.Get(t.Context(), client.ObjectKeyFromObject(former), former); !apierrors.IsNotFound(err) {
		t.Errorf("the DNSZone of a former zone: %v", err)
	}
}

func testZone(w *world) {
	w.t.Helper()
	w.eventually("the DNSZone to say how it is", func() error {
		var z fedv1beta1.DNSZone
		if err := w.clusters.Get(w.t.Context(), client.ObjectKey{Name: "example.com"}, &z); err != nil {
			return err
		}
		if s := z.Status; s.ZoneID != "1" || s.Names != 5 || s.LastSyncTime == nil || len(s.Servers) != 1 || len(s.Conditions) != 2 ||
			s.Conditions[0].Reason != fedv1beta1.ReasonSynced || z.Spec.Federation != fedapi.Federation || z.Spec.TTL != 60 {
			return fmt.Errorf("it is %+v", z)
		}
		return nil
	})
}

func TestIntegrationMembersThatAreOffline(t *testing.T) {
	w := newWorld(t)
	gondor, rohan := w.join("gondor", "west", "minas"), w.join("rohan", "east", "edoras")
	w.publish("web")
	for m, a := range map[*member]string{gondor: gondorA, rohan: rohanA} {
		m.balance("web", a)
		m.endpoints("web", true)
	}
	w.names("both members to be published", both...)
	began := time.Now()
	rohan.Stop()
	w.names("rohan to be out", gondorOnly...)
	if took := time.Since(began); took < w.grace-time.Second { // the time of a condition has no fractions
		t.Errorf("rohan was out after %s, before the grace of %s", took, w.grace)
	}
	w.condition("web", fedv1beta1.ReasonPublished, "rohan (Offline)")
	w.event("web", "DNSMoved", "rohan (Offline)")

	t.Run("also after a restart", func(*testing.T) {
		w.stop()
		w.run()
		time.Sleep(3 * time.Second)
		w.names("rohan to be out still", gondorOnly...)
	})
	rohan.Restart()
	w.names("rohan to be back", both...)
	w.condition("web", fedv1beta1.ReasonPublished, "gondor, rohan")
}

func TestIntegrationRecordsWithoutServices(t *testing.T) {
	w := newWorld(t)
	gondor := w.join("gondor", "west", "minas")
	w.publish("web")
	gondor.balance("web", gondorA)
	gondor.endpoints("web", true)
	names := []string{line(global, "A", gondorA), line(west, "A", gondorA), line(minas, "A", gondorA)}
	w.names("the Service's own names", names...)
	w.stop()
	system, err := w.api.CoreV1().Namespaces().Get(t.Context(), metav1.NamespaceSystem, metav1.GetOptions{})
	w.must(nil, err)
	with := names
	for i := range 12 { // as if the federation's data were those of an earlier day
		name := fmt.Sprintf("ghost-%d.shop.fellowship.svc.example.com.", i)
		w.dns.Put(zone, dns.RecordSet{Name: name, Type: dns.A, TTL: 60, Values: []string{gondorA}})
		w.dns.Put(zone, dns.RecordSet{Name: dns.MarkName(name), Type: dns.TXT, TTL: 60, Values: []string{
			fmt.Sprintf("heritage=fedhelm,federation=%s,uid=%s,service=shop/ghost-%d", fedapi.Federation, system.UID, i),
		}})
		with = append(with, line(name, "A", gondorA))
	}
	w.run()
	w.eventually("the DNSZone to say that they are held", func() error {
		var z fedv1beta1.DNSZone
		if err := w.clusters.Get(t.Context(), client.ObjectKey{Name: "example.com"}, &z); err != nil {
			return err
		}
		held := meta.FindStatusCondition(z.Status.Conditions, fedv1beta1.DNSZoneRecordsHeld)
		if held == nil || held.Status != metav1.ConditionTrue || !strings.Contains(held.Message, "12 Services") {
			return fmt.Errorf("it says %+v", z.Status.Conditions)
		}
		return nil
	})
	w.names("all to be left", with...)
	z := &fedv1beta1.DNSZone{ObjectMeta: metav1.ObjectMeta{Name: "example.com"}}
	w.must(nil, w.clusters.Patch(t.Context(), z, client.RawPatch(types.MergePatchType,
		fmt.Appendf(nil, `{"metadata":{"annotations":{%q:"true"}}}`, fedv1beta1.AnnotationDeleteUnsourced))))
	w.names("those without a Service to be gone", names...)
	w.eventually("the annotation to be gone, and the condition", func() error {
		if err := w.clusters.Get(t.Context(), client.ObjectKeyFromObject(z), z); err != nil {
			return err
		}
		if len(z.Annotations) > 0 || meta.IsStatusConditionTrue(z.Status.Conditions, fedv1beta1.DNSZoneRecordsHeld) {
			return fmt.Errorf("%v, %+v", z.Annotations, z.Status.Conditions)
		}
		return nil
	})
}

func TestIntegrationZoneThatMakesTrouble(t *testing.T) {
	w := newWorld(t)
	gondor := w.join("gondor", "west", "minas")
	foreign := dns.RecordSet{Name: west, Type: dns.A, TTL: 1, Values: []string{"192.0.2.1"}}
	w.dns.Put(zone, foreign)
	w.publish("web")
	gondor.balance("web", gondorA)
	gondor.endpoints("web", true)
	w.names("all but the foreign name to be ours", line(global, "A", gondorA), fmt.Sprintf("%s 1 A 192.0.2.1", west), line(minas, "A", gondorA))
	w.condition("web", fedv1beta1.ReasonConflict, west)
	w.event("web", "DNSConflict", west)
	w.dns.Remove(zone, west, dns.A)
	w.names("the name to be ours when it is free", line(global, "A", gondorA), line(west, "A", gondorA), line(minas, "A", gondorA))
	w.condition("web", fedv1beta1.ReasonPublished, "gondor")

	w.dns.Fail(inmemory.Faults{Call: func(string) error { return fmt.Errorf("%w: no", dns.ErrDenied) }})
	w.publish("api")
	gondor.balance("api", "203.0.113.8")
	gondor.endpoints("api", true)
	w.condition("api", fedv1beta1.ReasonProviderFailed, "denied")
	w.condition("web", fedv1beta1.ReasonPublished, "")
	w.eventually("the DNSZone to say so", func() error {
		var z fedv1beta1.DNSZone
		if err := w.clusters.Get(t.Context(), client.ObjectKey{Name: "example.com"}, &z); err != nil {
			return err
		}
		if c := z.Status.Conditions[0]; c.Reason != fedv1beta1.ReasonDenied || c.Status != metav1.ConditionFalse {
			return fmt.Errorf("it says %+v", c)
		}
		return nil
	})
	w.dns.Fail(inmemory.Faults{})
	w.condition("api", fedv1beta1.ReasonPublished, "gondor")
}

func TestIntegrationWhereAddressesComeFrom(t *testing.T) {
	w := newWorld(t)
	gondor := w.join("gondor", "west", "minas")
	hostname := "lb.provider.example"
	w.hosts.at = map[string]string{hostname: gondorA}
	one := func(address string) []string {
		return []string{line(global, "A", address), line(west, "A", address), line(minas, "A", address)}
	}
	w.publish("web", func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"203.0.113.9"} })
	gondor.balance("web", hostname)
	gondor.endpoints("web", true)
	w.names("the hostname's address", one(gondorA)...)
	w.annotate("web", "", fedv1beta1.AnnotationDNSAddresses, fedv1beta1.DNSAddressesExternalIPs)
	w.names("external IPs", one("203.0.113.9")...)
	w.external(w.api, "web")
	w.external(gondor.Client, "web", "203.0.113.8")
	w.names("external IPs that the member's people gave it", one("203.0.113.8")...)
	w.annotate("", "gondor", fedv1beta1.AnnotationNodeAddresses, "203.0.113.10")
	w.annotate("web", "", fedv1beta1.AnnotationDNSAddresses, fedv1beta1.DNSAddressesNodes)
	w.names("nodes' addresses", one("203.0.113.10")...)
	w.annotate("", "gondor", fedv1beta1.AnnotationNodeAddresses, "203.0.113.11")
	w.names("nodes' addresses when they change", one("203.0.113.11")...)
	w.annotate("web", "", fedv1beta1.AnnotationDNSAddresses, "nowhere")
	w.condition("web", fedv1beta1.ReasonRejected, `"nowhere"`)
	w.names("nodes' addresses still", one("203.0.113.11")...)
	testIngress(w, gondor, one("203.0.113.12"))
	w.annotate("web", "", fedv1beta1.AnnotationDNSAddresses, fedv1beta1.DNSAddressesNone)
	w.names("nothing, as asked for")
}

// testIngress publishes the Service at the address of an Ingress.
func testIngress(w *world, m *member, want []string) {
	w.t.Helper()
	backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	w.must(w.api.NetworkingV1().Ingresses("shop").Create(w.t.Context(), &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: "door"}, Spec: networkingv1.IngressSpec{DefaultBackend: &backend},
	}, metav1.CreateOptions{}))
	w.annotate("web", "", fedv1beta1.AnnotationDNSAddresses, fedv1beta1.DNSAddressesIngressPrefix+"door")
	w.eventually("the Ingress to be in "+m.Name, func() error {
		i, err := m.Client.NetworkingV1().Ingresses("shop").Get(w.t.Context(), "door", metav1.GetOptions{})
		if err == nil {
			i.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "203.0.113.12"}}
			_, err = m.Client.NetworkingV1().Ingresses("shop").UpdateStatus(w.t.Context(), i, metav1.UpdateOptions{})
		}
		return err
	})
	w.names("the address of the Ingress", want...)
}
