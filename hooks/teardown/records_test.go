package teardown

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

var example = dns.Zone{ID: "Z1", Name: "example.com."}

// manager is the controller manager's Deployment.
type manager struct {
	there    bool
	replicas int32
	stuck    bool // its pods do not end
	scaled   []int32
	stopped  func() // called when the last pod has gone
}

func (m *manager) Get(_ context.Context, name string, _ metav1.GetOptions) (*appsv1.Deployment, error) {
	if !m.there {
		return nil, apierrors.NewNotFound(schema.GroupResource{Group: "apps", Resource: "deployments"}, name)
	}
	d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &m.replicas}, Status: appsv1.DeploymentStatus{Replicas: m.replicas}}
	if m.stuck {
		d.Status.Replicas = 1
	}
	return d, nil
}

func (m *manager) Patch(_ context.Context, _ string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*appsv1.Deployment, error) {
	var patch struct{ Spec struct{ Replicas int32 } }
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, err
	}
	m.replicas = patch.Spec.Replicas
	m.scaled = append(m.scaled, m.replicas)
	if m.replicas == 0 && m.stopped != nil {
		m.stopped()
	}
	return nil, nil
}

// world is a federation with names in a zone, to be torn down.
type world struct {
	server  *inmemory.Server
	manager *manager
	uid     string // "": the federation API does not answer
	read    bool   // the federation has read its zones
	mute    int    // so many times the federation API does not say so
	service fakeServices
	out     bytes.Buffer
}

func newWorld() *world {
	w := &world{server: inmemory.New(example), manager: &manager{there: true, replicas: 2}, uid: "uid-1", read: true, service: service("")}
	w.server.Put(example, dns.RecordSet{Name: "mail.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.9"}})
	w.name("web.default.fellowship.svc.example.com.", "uid-1")
	return w
}

// name is one of a federation called fellowship.
func (w *world) name(name, uid string) {
	w.server.Put(example, dns.RecordSet{Name: name, Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}})
	w.server.Put(example, dns.RecordSet{
		Name: dns.MarkName(name), Type: dns.TXT, TTL: 300,
		Values: []string{dns.Mark{Federation: "fellowship", UID: uid, Service: "default/web"}.Text()},
	})
}

func (w *world) run(t *testing.T, change ...func(*Options)) error {
	t.Helper()
	o := Options{
		Federation: "fellowship", Namespace: "ns", Services: w.service, Secrets: fakeSecrets{}, Out: &w.out,
		Records: Records{
			Zones:   []dnsconfig.Zone{{Provider: "rfc2136", Name: "example.com."}},
			Manager: w.manager, lastWords: time.Millisecond,
			UID: func(context.Context) (string, error) {
				if w.uid == "" {
					return "", errors.New("no route to host")
				}
				return w.uid, nil
			},
			Read: func(_ context.Context, provider, zone string) (bool, error) {
				if w.mute--; w.mute >= 0 || w.uid == "" || provider == "" || !strings.HasSuffix(zone, ".") {
					return false, errors.New("no route to host")
				}
				return w.read, nil
			},
			Open: func(context.Context, dnsconfig.Zone) (dns.Provider, error) { return w.server, nil },
		},
	}
	for _, c := range change {
		c(&o)
	}
	return Run(t.Context(), o)
}

func (w *world) holds(part string) bool {
	return slices.ContainsFunc(w.server.Dump(example), func(line string) bool { return strings.Contains(line, part) })
}

func TestRecordsGoAndOthersStay(t *testing.T) {
	w := newWorld()
	w.name("web.other.svc.example.com.", "uid-2")
	if err := w.run(t); err != nil {
		t.Fatal(err)
	}
	if w.holds("web.default.fellowship") {
		t.Error("records are left")
	}
	for _, other := range []string{"mail.example.com.", "uid=uid-2"} {
		if !w.holds(other) {
			t.Errorf("%q is gone too", other)
		}
	}
	if w.manager.replicas != 0 {
		t.Error("the controller manager runs, and may write them again")
	}
	if !strings.Contains(w.out.String(), "zone example.com.: the records of 1 names are removed") {
		t.Errorf("it says:\n%s", w.out.String())
	}
	if err := w.run(t); err != nil {
		t.Errorf("run again: %v", err)
	}
}

func TestAdoptedRecordsGoToo(t *testing.T) {
	w := newWorld()
	w.name("old.fellowship.svc.example.com.", "uid-0")
	if err := w.run(t, func(o *Options) { o.Records.AdoptUIDs = []string{"uid-0"} }); err != nil {
		t.Fatal(err)
	}
	if w.holds("uid-0") {
		t.Error("records are left")
	}
}

// The controller manager was within a change when it was told to end.
func TestWhatWasWrittenMeanwhileGoesToo(t *testing.T) {
	w := newWorld()
	w.manager.stopped = func() {
		go func() {
			time.Sleep(50 * time.Millisecond)
			w.name("late.default.fellowship.svc.example.com.", "uid-1")
		}()
	}
	if err := w.run(t, func(o *Options) { o.Records.lastWords = 300 * time.Millisecond }); err != nil {
		t.Fatal(err)
	}
	if w.holds("late.default") {
		t.Error("records are left")
	}
}

func TestAFailureLeavesTheFederationAtWork(t *testing.T) {
	w := newWorld()
	w.server.Fail(inmemory.Faults{Call: func(call string) error {
		if call == inmemory.CallChange {
			return dns.ErrDenied
		}
		return nil
	}})
	err := w.run(t)
	if err == nil {
		t.Fatal("no error")
	}
	for _, says := range []string{
		`zone "example.com." of DNS provider rfc2136`, dns.ErrDenied.Error(), "helm rollback fellowship --namespace=ns",
		"kubectl annotate service fellowship-apiserver --namespace=ns federation.fedhelm.io/teardown-dns=skip", "fedhelm delete --keep-dns-records",
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q: %v", says, err)
		}
	}
	if w.manager.replicas != 2 {
		t.Errorf("%d controller managers run, want the 2 that did", w.manager.replicas)
	}
	w.server.Fail(inmemory.Faults{})
	if err := w.run(t); err != nil || w.holds("fellowship") {
		t.Errorf("run again: %v; records are left: %t", err, w.holds("fellowship"))
	}
}

// Credentials that never worked keep nobody from deleting the federation.
func TestAZoneThatWasNeverReadHoldsNothingUp(t *testing.T) {
	w := newWorld()
	w.server.Fail(inmemory.Faults{Call: func(string) error { return dns.ErrDenied }})
	w.read = false
	if err := w.run(t); err != nil || !strings.Contains(w.out.String(), "zone example.com.: the federation has never read it") {
		t.Errorf("Run = %v; it says:\n%s", err, w.out.String())
	}
	w.mute = 2
	if err := w.run(t); err != nil {
		t.Errorf("with a federation API that says so at the third time: %v", err)
	}
	w.uid = ""
	if err := w.run(t, func(o *Options) { o.Records.askLimit = time.Millisecond }); err == nil {
		t.Error("nobody knows whether the zone was read, and there is no error")
	}
}

func TestOtherZonesAreClearedWhenOneFails(t *testing.T) {
	w := newWorld()
	err := w.run(t, func(o *Options) {
		open := o.Records.Open
		o.Records.Zones = append([]dnsconfig.Zone{{Provider: "coredns", Name: "broken.example."}}, o.Records.Zones...)
		o.Records.Open = func(ctx context.Context, zone dnsconfig.Zone) (dns.Provider, error) {
			if zone.Provider == "coredns" {
				return nil, errors.New("no such file")
			}
			return open(ctx, zone)
		}
	})
	if err == nil || !strings.Contains(err.Error(), `zone "broken.example." of DNS provider coredns: no such file`) {
		t.Errorf("Run = %v", err)
	}
	if w.holds("fellowship") {
		t.Error("records are left in the zone that works")
	}
}

func TestRecordsStayWhenAskedTo(t *testing.T) {
	w := newWorld()
	w.service["fellowship-apiserver"].Annotations["federation.fedhelm.io/teardown-dns"] = "skip"
	if err := w.run(t); err != nil {
		t.Fatal(err)
	}
	if !w.holds("web.default.fellowship") || len(w.manager.scaled) > 0 || w.server.Calls("") > 0 {
		t.Errorf("something was done all the same: scaled %v, %d calls", w.manager.scaled, w.server.Calls(""))
	}
}

// An installation that never came up has no records, and nothing that could say who it is.
func TestAFederationThatDoesNotAnswer(t *testing.T) {
	brief := func(o *Options) { o.Records.askLimit = time.Millisecond }
	w := newWorld()
	w.uid = ""
	err := w.run(t, brief)
	if err == nil || !strings.Contains(err.Error(), "no route to host") || !strings.Contains(err.Error(), "at web.default.fellowship.svc.example.com.") {
		t.Errorf("with records of that name: %v", err)
	}
	if !w.holds("web.default.fellowship") || len(w.manager.scaled) > 0 {
		t.Errorf("something was done all the same: scaled %v", w.manager.scaled)
	}
	if w.uid = "uid-1"; w.run(t) != nil {
		t.Fatal("it is not torn down when it answers")
	}
	w.uid = ""
	if err := w.run(t, brief); err != nil {
		t.Errorf("without records of that name: %v", err)
	}
}

func TestAZoneThatIsNotThereHasNoRecords(t *testing.T) {
	w := newWorld()
	if err := w.run(t, func(o *Options) { o.Records.Zones[0].Name = "gone.example." }); err != nil {
		t.Error(err)
	}
	if err := w.run(t, func(o *Options) { o.Records.Zones[0].ID = "Z9" }); err == nil || !strings.Contains(err.Error(), "Z9") {
		t.Errorf("with an id that is not there: %v", err)
	}
}

func TestAControllerManagerThatDoesNotEnd(t *testing.T) {
	w := newWorld()
	w.manager.stuck = true
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	o := Options{Federation: "fellowship", Namespace: "ns", Out: &w.out, Records: Records{Manager: w.manager}}
	if _, err := o.stopManager(ctx); err == nil || !strings.Contains(err.Error(), "for the controller manager to end") {
		t.Errorf("stopManager = %v", err)
	}
	if w.manager.replicas != 2 {
		t.Errorf("%d controller managers run, want the 2 that did", w.manager.replicas)
	}
}

func TestWithoutAControllerManagerRecordsGo(t *testing.T) {
	w := newWorld()
	w.manager.there = false
	if err := w.run(t); err != nil || w.holds("fellowship") {
		t.Errorf("Run = %v; records are left: %t", err, w.holds("fellowship"))
	}
}
