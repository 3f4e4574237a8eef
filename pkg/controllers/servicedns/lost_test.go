package servicedns

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	toolscache "k8s.io/client-go/tools/cache"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/state"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
)

// published is a Controller at work on a zone in memory, with Services that it published; its events are those of the test.
type published struct {
	*Controller
	t      *testing.T
	server *inmemory.Server
}

var inMemory = dns.Zone{ID: "1", Name: "example.com."}

// withPublished runs a test in a bubble, in which n Services lead to gondor.
func withPublished(t *testing.T, n int, test func(published)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := inmemory.New(inMemory)
		c := New(Options{
			Federation: "fellowship", Services: fake.NewClientset().CoreV1(), TTL: 60, UnsourcedPercent: 5, OfflinePercent: 34,
			Snapshot: func(delivery.Key) (state.Snapshot, bool) { return state.Snapshot{}, false },
			Zones: []Zone{{Provider: "inmemory", Name: inMemory.Name, Suffix: inMemory.Name, Open: func(context.Context, func(string, error)) (dns.Provider, error) {
				return server, nil
			}}},
		})
		c.zones = c.newZones("uid")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { c.zones[0].keeper.Run(ctx) })
		p := published{c, t, server}
		f, _ := fleetOf([]fedv1beta1.Cluster{clusterOf("gondor", metav1.ConditionTrue, time.Hour)}, grace{time.Minute, 34}, noon)
		c.fleet.Store(f)
		for i := range n {
			p.put(i, false)
		}
		c.zones[0].keeper.Known()
		p.later(2 * time.Second)
		p.has(n)
		test(p)
		cancel()
		c.queue.ShutDown()
		c.hosts.queue.ShutDown()
		running.Wait()
	})
}

func numbered(i int, deleting bool) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: fmt.Sprintf("web-%d", i), UID: types.UID(fmt.Sprint(i)),
		Annotations: map[string]string{fedv1beta1.AnnotationDNS: `{"gondor":{"addresses":["192.0.2.6"]}}`},
	}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}
	s.Status.Conditions = []metav1.Condition{{Type: fedv1beta1.ServiceDNS, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonPublished}}
	if deleting {
		s.DeletionTimestamp = &metav1.Time{Time: noon}
	}
	return s
}

// put has the federation API show a Service.
func (p published) put(i int, deleting bool) {
	p.t.Helper()
	s := numbered(i, deleting)
	if err := p.informer.GetStore().Add(s); err != nil {
		p.t.Fatal(err)
	}
	p.look(s)
}

// drop has it lack a Service, of which event tells then.
func (p published) drop(i int, event func(*corev1.Service) any) {
	p.t.Helper()
	s := numbered(i, false)
	if err := p.informer.GetStore().Delete(s); err != nil {
		p.t.Fatal(err)
	}
	p.look(s) // something else may have it looked at before the event is told
	p.gone(event(s))
	p.look(s)
}

func (p published) look(s *corev1.Service) {
	p.t.Helper()
	if _, err := p.reconcile(p.t.Context(), types.NamespacedName{Namespace: s.Namespace, Name: s.Name}); err != nil {
		p.t.Fatal(err)
	}
}

func (p published) later(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// has fails the test unless so many Services have their three names.
func (p published) has(services int) {
	p.t.Helper()
	addresses := 0
	for _, line := range p.server.Dump(inMemory) {
		if strings.HasSuffix(line, " 192.0.2.6") {
			addresses++
		}
	}
	if addresses != 3*services {
		p.t.Fatalf("the zone has %d names, want those of %d Services", addresses, services)
	}
}

func missed(s *corev1.Service) any {
	return toolscache.DeletedFinalStateUnknown{Key: s.Namespace + "/" + s.Name, Obj: s}
}

func TestFederationAPIThatWasRestoredTakesNoNames(t *testing.T) {
	withPublished(t, 50, func(p published) {
		for i := range 50 {
			p.drop(i, missed)
		}
		p.later(time.Hour)
		p.has(50)
		if held := p.zones[0].keeper.Status().Held; len(held) != 50 {
			t.Errorf("%d Services are held, want 50", len(held))
		}
		p.put(7, false)
		if held := p.zones[0].keeper.Status().Held; len(held) != 49 {
			t.Errorf("%d Services are held, want 49 after one is back", len(held))
		}
	})
}

// Whoever looks at a Service may have found it a moment before it went, and make its names after that was told.
func TestDeletionThatIsToldWithinALook(t *testing.T) {
	withPublished(t, 1, func(p published) {
		s := numbered(0, false)
		p.forget(types.NamespacedName{Namespace: s.Namespace, Name: s.Name}) // as before the first look
		p.gone(s)
		p.look(s) // what it found in the store
		if err := p.informer.GetStore().Delete(s); err != nil {
			t.Fatal(err)
		}
		p.look(s)
		p.later(2 * time.Second)
		p.has(0)
	})
}

func TestServiceThatIsThereAgain(t *testing.T) {
	withPublished(t, 1, func(p published) {
		s := numbered(0, false)
		p.gone(s)
		p.come(s)
		if err := p.informer.GetStore().Delete(s); err != nil {
			t.Fatal(err)
		}
		p.look(s) // before it is told what became of it
		p.gone(missed(s))
		p.look(s)
		p.later(2 * time.Second)
		p.has(1)
		if len(p.ended) > 0 {
			t.Errorf("%v is remembered for ever", p.ended)
		}
	})
}

func TestDeletionsThatWereSeenTakeNames(t *testing.T) {
	withPublished(t, 50, func(p published) {
		for i := range 20 {
			p.drop(i, func(s *corev1.Service) any { return s })
		}
		for i := range 20 { // those whose last state says so, and those that a watch missed, which are few
			p.put(20+i, true)
			p.drop(20+i, func(s *corev1.Service) any {
				s.DeletionTimestamp = &metav1.Time{Time: noon}
				return missed(s)
			})
		}
		p.later(2 * time.Second)
		p.has(10)
		p.drop(40, missed)
		p.later(2 * time.Second)
		p.has(10)
		p.later(time.Minute)
		p.has(9)
	})
}

func TestClustersThatAreMissing(t *testing.T) {
	all := make([]fedv1beta1.Cluster, 6)
	for i := range all {
		all[i] = clusterOf(fmt.Sprintf("m%d", i), metav1.ConditionTrue, time.Hour)
		all[i].UID = types.UID(fmt.Sprint(i))
	}
	leaving := slices.Clone(all)
	leaving[1] = clusterOf("m1", metav1.ConditionTrue, time.Hour, fedv1beta1.AnnotationLeaving, fedv1beta1.LeavingKeep)
	for _, tt := range []struct {
		name     string
		now      []fedv1beta1.Cluster
		departed []int
		at, then int // members at first, and in the end
	}{
		{name: "one may have left unseen, a moment ago", now: all[1:], at: 6, then: 5},
		{name: "so may as many as can be away at once", now: all[2:], at: 6, then: 4},
		{name: "more have not", now: all[3:], at: 6, then: 6},
		{name: "all have not", at: 6, then: 6},
		{name: "those that were seen being deleted are gone", now: all[4:], departed: []int{0, 1, 2}, at: 3, then: 2},
		{name: "one that is leaving has no names", now: leaving, at: 5, then: 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Options{Services: fake.NewClientset().CoreV1(), OfflinePercent: 34})
				defer c.queue.ShutDown()
				defer c.hosts.queue.ShutDown()
				limits := grace{time.Minute, 34}
				before, _ := fleetOf(all, limits, time.Now())
				for _, i := range tt.departed {
					c.parted(&all[i])
				}
				look := func() (*fleet, time.Time) {
					now, again := fleetOf(tt.now, limits, time.Now())
					return now, c.retain(t.Context(), before, now, tt.now, again)
				}
				now, again := look()
				if len(now.members) != tt.at || len(now.places) != tt.at {
					t.Errorf("at first there are %d members at %d places, want %d", len(now.members), len(now.places), tt.at)
				}
				before = now
				if !again.IsZero() {
					time.Sleep(time.Until(again))
				}
				if now, _ = look(); len(now.members) != tt.then || len(now.places) != tt.then {
					t.Errorf("in the end there are %d members at %d places, want %d", len(now.members), len(now.places), tt.then)
				}
				if !slices.IsSortedFunc(now.places, func(a, b dns.Member) int { return int(a.Name[1]) - int(b.Name[1]) }) {
					t.Errorf("the places are not sorted: %v", now.places)
				}
			})
		})
	}
}

func TestServiceOfAMemberThatIsMissing(t *testing.T) {
	withPublished(t, 1, func(p published) {
		p.o.Snapshot = func(delivery.Key) (state.Snapshot, bool) { return state.Snapshot{UID: "0"}, true } // whom it concerns knows of no members either
		now, _ := fleetOf(nil, grace{time.Minute, 34}, noon)
		p.retain(t.Context(), p.fleet.Load(), now, nil, time.Time{})
		p.fleet.Store(now)
		p.put(0, false)
		p.later(2 * time.Second)
		p.has(1)
	})
}

// What was written last is not to be seen for a long time in an API that was restored.
func TestServiceWhoseVersionWentBack(t *testing.T) {
	withPublished(t, 1, func(p published) {
		key := types.NamespacedName{Namespace: "shop", Name: "web-0"}
		p.Controller.published[key].version, p.Controller.published[key].wrote = "1000", time.Now()
		s := numbered(0, false)
		s.ResourceVersion = "500"
		s.Annotations[fedv1beta1.AnnotationDNSTTL] = "7"
		if err := p.informer.GetStore().Update(s); err != nil {
			t.Fatal(err)
		}
		p.look(s)
		p.later(2 * time.Second)
		ttl := func() bool { return strings.Contains(strings.Join(p.server.Dump(inMemory), "\n"), " 7 A 192.0.2.6") }
		if ttl() {
			t.Error("it was looked at before what was written could be seen")
		}
		p.later(time.Minute)
		p.look(s)
		p.later(2 * time.Second)
		if !ttl() {
			t.Errorf("it is not looked at for ever: %v", p.server.Dump(inMemory))
		}
	})
}
