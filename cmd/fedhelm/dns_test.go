package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// namesAPI is a federation API with members and DNS zones.
type namesAPI struct {
	joined
	zones []fedv1beta1.DNSZone
}

func (f *namesAPI) Zones(context.Context) (*fedv1beta1.DNSZoneList, error) {
	return &fedv1beta1.DNSZoneList{Items: f.zones}, f.err
}

func (f *namesAPI) Annotate(_ context.Context, name, key, value string) (*fedv1beta1.Cluster, error) {
	for i := range f.clusters {
		if f.clusters[i].Name == name {
			f.clusters[i].Annotations = map[string]string{key: value}
		}
	}
	return nil, nil
}

func zoneOf(name, reason, message string) fedv1beta1.DNSZone {
	status := metav1.ConditionFalse
	if reason == fedv1beta1.ReasonSynced {
		status = metav1.ConditionTrue
	}
	return fedv1beta1.DNSZone{
		ObjectMeta: metav1.ObjectMeta{Name: strings.TrimSuffix(name, ".")},
		Spec:       fedv1beta1.DNSZoneSpec{Provider: "coredns", Zone: name, Suffix: name, Federation: "fellowship", TTL: 60},
		Status:     fedv1beta1.DNSZoneStatus{Names: 3, Records: 4, Conditions: []metav1.Condition{{Type: fedv1beta1.DNSZoneReady, Status: status, Reason: reason, Message: message}}},
	}
}

func loadBalancer(namespace, name, members, reason, message string) *corev1.Service {
	status := metav1.ConditionFalse
	if reason == fedv1beta1.ReasonPublished {
		status = metav1.ConditionTrue
	}
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Annotations: map[string]string{fedv1beta1.AnnotationDNS: members}},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer},
		Status:     corev1.ServiceStatus{Conditions: []metav1.Condition{{Type: fedv1beta1.ServiceDNS, Status: status, Reason: reason, Message: message}}},
	}
}

// resolving is the console of a federation with names. Its API is reached by the host cluster, or by context fellowship; gondor by a context.
func resolving(t *testing.T, unusable error) (*console, *namesAPI) {
	t.Helper()
	c := newConsole(fellowship(t), noHelm{})
	ready := is(fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady, "")
	rohan := registration("rohan", time.Time{}, is(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReachable, "no route"))
	rohan.Status.Region, rohan.Status.Zones = "us-east", nil
	f := &namesAPI{joined: joined{clusters: []fedv1beta1.Cluster{registration("gondor", time.Time{}, ready), rohan}}, zones: []fedv1beta1.DNSZone{zoneOf("example.com.", fedv1beta1.ReasonSynced, "")}}
	kube := fake.NewClientset(
		loadBalancer("default", "web", `{"gondor":{"addresses":["203.0.113.7","2001:db8::7"]},"rohan":{"addresses":["198.51.100.9"],"out":"Offline"}}`, fedv1beta1.ReasonPublished, ""),
		loadBalancer("default", "db", `{"gondor":{"addresses":["203.0.113.8"],"out":"NoReadyEndpoints"},"rohan":{"out":"NotPlaced"}}`, fedv1beta1.ReasonNoBackend, "no member backs it"),
		loadBalancer("shop", "cart", `{"gondor":{"addresses":["203.0.113.9"]},"rohan":{"addresses":["198.51.100.10"]}}`, fedv1beta1.ReasonConflict, "cart.shop.fellowship.svc.example.com: there are records of others"),
	)
	c.open = func(_ context.Context, _ join.Host, ref federation.Ref) (join.Federation, error) {
		return join.Federation{Ref: ref, Unusable: unusable, Zone: "example.com"}, nil
	}
	c.connectMember = func(o contextOptions) (*memberCluster, error) {
		switch o.context {
		case "fellowship":
			return &memberCluster{Member: join.Member{Config: &rest.Config{Host: "https://192.0.2.7"}}}, nil
		case "gondor":
			stranger := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: "another"}}
			return &memberCluster{Member: join.Member{Client: fake.NewClientset(stranger), Context: o.context}}, nil
		default:
			return nil, &usageError{errors.New("no such context")}
		}
	}
	c.dns = func(config *rest.Config) (dnsview.API, error) {
		if config.Host != "https://192.0.2.7" {
			t.Errorf("the API asked is %s", config.Host)
		}
		return dnsview.API{Kube: kube, Clusters: f, Zones: f}, nil
	}
	c.ask = func(*memberCluster) memberdns.Ask { return nil }
	return c, f
}

func TestDNS(t *testing.T) {
	tests := []struct {
		name     string
		args     []string
		unusable error
		golden   string // of all output; "": there is none
		out      string // or a part of it
		err      string
		code     int
	}{
		{name: "names of a namespace, by way of the host cluster", args: []string{"list"}, golden: "dns-list.txt"},
		{name: "of all namespaces, with all that there is to say, by a context of the federation", args: []string{"list", "-A", "-o=wide", "--context=fellowship"}, golden: "dns-list-wide.txt"},
		{name: "of one Service, for a script", args: []string{"list", "shop/cart", "-o", "json"}, golden: "dns-list.json"},
		{name: "for a script, in YAML", args: []string{"list", "-o=yaml", "-A", "web"}, out: "federation: fellowship\nnames:\n- federation: fellowship\n"},
		{name: "of nothing that there is", args: []string{"list", "web", "-n=shop"}, out: "No Service in namespace shop of federation fellowship has a name that is asked for.\n"},
		{name: "of no name", args: []string{"list", "web.default.nazgul"}, err: `NAME "web.default.nazgul" is none of`, code: exitFailed},
		{name: "where a name leads from outside", args: []string{"resolve", "web.default.fellowship"}, golden: "dns-resolve.txt"},
		{name: "where a name leads from a member without a context", args: []string{"resolve", "web.default.fellowship", "--from", "rohan"}, golden: "dns-resolve-rohan.txt"},
		{name: "where a name leads from a member whose context leads elsewhere", args: []string{"resolve", "--from=gondor", "db.default.fellowship", "--context=fellowship"}, golden: "dns-resolve-gondor.txt"},
		{name: "for a script, with an exit code of success whatever comes of it", args: []string{"resolve", "db.default.fellowship", "-o=json"}, out: `"leads": "none"`},
		{name: "from a context that there is not", args: []string{"resolve", "web.default.fellowship", "--from=gondor", "--cluster-context=moria"}, err: "no such context", code: exitUsage},
		{name: "from a cluster that there is not, of a name that there cannot be", args: []string{"resolve", "web", "--from=moria"}, err: "did you mean web.default.fellowship?\n--from: federation \"fellowship\" has no cluster \"moria\"; it has: gondor, rohan", code: exitFailed},
		{name: "from what is no cluster", args: []string{"resolve", "web.default.fellowship", "--from=Moria!"}, err: "--from:", code: exitUsage},
		{name: "a context without a cluster", args: []string{"resolve", "web.default.fellowship", "--cluster-context=gondor"}, err: "name it with --from", code: exitUsage},
		{name: "an unusable federation", args: []string{"list"}, unusable: errors.New("no route"), err: "no route; fedhelm check fellowship", code: exitFailed},
		{name: "an unknown federation", args: []string{"list", "--federation=nazgul"}, err: "nazgul", code: exitFailed},
		{name: "an unknown context", args: []string{"list", "--context=nazgul"}, err: "no such context", code: exitUsage},
		{name: "two ways at once", args: []string{"resolve", "a.b.fellowship", "--context=fellowship", "--federation=x"}, err: "--context leads to the federation itself", code: exitUsage},
		{name: "two namespaces at once", args: []string{"list", "-n=shop", "-A"}, err: "--namespace and --all-namespaces", code: exitUsage},
		{name: "all that is wrong at once", args: []string{"drain", "--service=web", "-o=xml", "--zone=x"}, err: "unknown flag --zone\nexactly one CLUSTER is required, got 0 arguments; see fedhelm dns drain --help\n--service: \"web\" is no NAMESPACE/NAME, such as default/web\n--output: \"xml\"", code: exitUsage},
		{name: "an unknown format", args: []string{"list", "-o=name"}, err: `"name" is none of table, wide, json, yaml`, code: exitUsage},
		{name: "an unknown command", args: []string{"flush"}, err: `there is no command "flush" below fedhelm dns; it has list, resolve, drain, undrain`, code: exitUsage},
		{name: "no command", out: "COMMANDS:\n   list  "},
		{name: "the drain of a cluster that there is not", args: []string{"drain", "moria"}, err: `has no cluster "moria"`, code: exitRefused},
		{name: "a drain that nobody heeds", args: []string{"drain", "gondor", "--timeout=20ms"}, err: "timed out after 20ms: waiting for 2 Services: default/web", code: exitTimedOut},
		{name: "the end of a drain that was none", args: []string{"undrain", "gondor"}, out: "cluster \"gondor\" was not drained\nThe names of default/db do not lead to it: NoReadyEndpoints"},
		{name: "a drain that has been heeded, for a script", args: []string{"drain", "rohan", "--service", "default/db", "-o", "json", "-q"}, out: `"service": "default/db",`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := resolving(t, tt.unusable)
			err := c.fedhelm(append([]string{"dns"}, tt.args...)...)
			if exitCode(err) != tt.code || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("ends with %v (exit code %d), want %d and %q", err, exitCode(err), tt.code, tt.err)
			}
			if tt.golden != "" {
				golden(t, tt.golden, c.out.String())
			} else if !strings.Contains(c.out.String(), tt.out) || (tt.out == "") != (c.out.Len() == 0) {
				t.Errorf("the output is not %q:\n%s", tt.out, c.out.String())
			}
		})
	}
}

func TestNamesOfAFederationWithoutAZone(t *testing.T) {
	c, f := resolving(t, nil)
	f.zones = nil
	for _, args := range [][]string{{"list"}, {"resolve", "web.default.fellowship"}, {"drain", "gondor"}, {"undrain", "gondor"}} {
		if err := c.fedhelm(append([]string{"dns"}, args...)...); !errors.Is(err, dnsview.ErrNoZone) || !strings.Contains(err.Error(), "fedhelm upgrade") {
			t.Errorf("%q ends with %v, want an error that says how to choose one", args, err)
		}
	}
}

func TestNamesForWhoMaySeeOneNamespace(t *testing.T) {
	c, _ := resolving(t, nil)
	whole := c.dns
	c.dns = func(config *rest.Config) (dnsview.API, error) {
		api, err := whole(config)
		api.Kube.(*fake.Clientset).PrependReactor("list", "services", func(a clienttesting.Action) (bool, runtime.Object, error) {
			return a.GetNamespace() != "default", nil, apierrors.NewForbidden(corev1.Resource("services"), "", errors.New("not yours"))
		})
		return api, err
	}
	for _, args := range [][]string{{"list"}, {"list", "default/web"}, {"resolve", "web.default.fellowship"}} {
		if err := c.fedhelm(append([]string{"dns"}, args...)...); err != nil {
			t.Errorf("%q ends with %v", args, err)
		}
	}
	if err := c.fedhelm("dns", "list", "-A"); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "choose one with --namespace") {
		t.Errorf("of all namespaces: %v", err)
	}
	if err := c.fedhelm("dns", "resolve", "cart.shop.fellowship"); !apierrors.IsForbidden(err) {
		t.Errorf("of another namespace: %v", err)
	}
}

func TestNamesOfZonesThatAreNotReady(t *testing.T) {
	c, f := resolving(t, nil)
	f.zones = append(f.zones, zoneOf("example.net.", fedv1beta1.ReasonDenied, "the key\nis wrong"))
	if err := c.fedhelm("dns", "list", "web"); err != nil || !strings.Contains(c.out.String(), "\nDNS zone example.net is not ready, and may have other records: Denied: the key is wrong\n") {
		t.Errorf("it is not said (%v):\n%s", err, c.out.String())
	}
	c.out.Reset()
	if err := c.fedhelm("dns", "resolve", "web.default.fellowship"); err != nil || !strings.Contains(c.out.String(), "DNS zone example.com, all members: A 203.0.113.7") {
		t.Errorf("not the zone that members are told of (%v):\n%s", err, c.out.String())
	}
}

func TestResolutionAsText(t *testing.T) {
	address := netip.MustParseAddr
	tests := []struct {
		name, golden string
		r            dnsview.Resolution
	}{
		{name: "answers that are as computed, and are not", golden: "dns-asked.txt", r: dnsview.Resolution{
			Name: "web.default.fellowship", From: "gondor", Service: "default/web", Leads: dnsview.LeadsToMember, TTL: 90,
			Addresses: []netip.Addr{address("203.0.113.7"), address("2001:db8::7")},
			Steps:     []dnsview.Step{{Name: "web.default.fellowship.svc.example.com", Who: "DNS zone example.com, all members", Answer: "A 203.0.113.7; AAAA 2001:db8::7", Members: []dnsview.Member{{Name: "shire", Backs: true, Hostname: "lb.example.net.", Addresses: []netip.Addr{address("203.0.113.7")}}}}},
			Asked: &dnsview.Asked{Name: "web.default.fellowship.svc.cluster.local", Server: "CoreDNS of gondor", Answers: []dnsview.Answer{
				{Pod: "kube-system/coredns-1", Code: "NOERROR", Names: []string{"web.default.fellowship.svc.example.com"}, Addresses: []netip.Addr{address("203.0.113.7"), address("2001:db8::7")}, TTL: 12, Agrees: true},
				{Pod: "kube-system/coredns-2", Code: "NOERROR", Addresses: []netip.Addr{address("10.0.0.7")}, TTL: 5},
				{Pod: "kube-system/coredns-3", Code: "NXDOMAIN"},
				{Pod: "kube-system/coredns-4", Error: "connection refused"},
				{Pod: "kube-system/coredns-5", Code: "NOERROR"},
			}},
		}},
		{name: "a cluster's own Service", golden: "dns-local.txt", r: dnsview.Resolution{
			Name: "web.default.fellowship", From: "gondor", Service: "default/web", Leads: dnsview.LeadsLocally, Addresses: []netip.Addr{address("10.0.0.7")},
			Steps: []dnsview.Step{{Name: "web.default.svc.cluster.local", Who: "the Service of gondor", Answer: "has ready endpoints (2): 10.0.0.7"}},
			Asked: &dnsview.Asked{Name: "web.default.fellowship.svc.cluster.local", Server: "CoreDNS of gondor", Agrees: true, Answers: []dnsview.Answer{
				{Pod: "kube-system/coredns-1", Code: "NOERROR", Addresses: []netip.Addr{address("10.0.0.7")}, TTL: 30, Agrees: true},
			}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			printResolution(&b, &tt.r)
			golden(t, tt.golden, b.String())
		})
	}
}

func TestDrainedAsText(t *testing.T) {
	var b bytes.Buffer
	for _, d := range []dnsview.Drained{
		{Cluster: "gondor", Drained: true, Changed: true, Moved: []string{"default/db", "default/web"}, Unbacked: []string{"default/db"}, TTL: 3600},
		{Cluster: "gondor", Service: "default/web", Drained: true, Changed: true, Moved: []string{"default/web"}, TTL: 60},
		{Cluster: "gondor", Drained: true},
		{Cluster: "gondor", Changed: true, Moved: []string{"default/web"}, TTL: 30, Kept: []dnsview.Kept{{Service: "default/db", Reason: "NoAddress", Message: "it has no address\nof a load balancer"}}},
		{Cluster: "gondor", Service: "default/web"},
	} {
		printDrained(&b, &d, " --context=fellowship")
		b.WriteString("\n")
	}
	golden(t, "dns-drain.txt", b.String())
}

func TestListOfManyMembersFitsOnAScreen(t *testing.T) {
	n := dnsview.Name{Name: "web.default.fellowship.svc.example.com", Records: []dnsview.Record{{Type: "A", Values: []string{"a", "b"}}, {Type: "AAAA", Values: []string{"c", "d", "e"}}}}
	for _, name := range []string{"m1", "m2", "m3", "m4"} {
		n.Members = append(n.Members, dnsview.Member{Name: name, Backs: true}, dnsview.Member{Name: "o" + name, Reason: "Drained"})
	}
	for wide, want := range map[bool]string{
		false: "a, b, c, 2 more   0s    m1, m2, m3, 1 more   om1 (Drained), om2 (Drained), om3 (Drained), 1 more",
		true:  "a, b, c, d, e   0s    m1, m2, m3, m4   om1 (Drained), om2 (Drained), om3 (Drained), om4 (Drained)",
	} {
		var b bytes.Buffer
		printListing(&b, &dnsview.Listing{Names: []dnsview.Name{n}}, "", wide)
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
}

func TestTTLAsText(t *testing.T) {
	for seconds, want := range map[uint32]string{0: "0s", 1: "1s", 60: "1m", 90: "1m30s", 600: "10m", 3600: "1h", 3660: "1h1m", 86400: "24h", 36000: "10h"} {
		if got := ttl(seconds); got != want {
			t.Errorf("ttl(%d) = %s, want %s", seconds, got, want)
		}
	}
}

func TestNamesShowNothingThatATerminalObeys(t *testing.T) {
	var out bytes.Buffer
	p := program{stdout: &out}
	l := dnsview.Listing{Names: []dnsview.Name{{Name: "\x1b[2J", State: "\x07", Members: []dnsview.Member{{Name: "a", Reason: "\x1b"}}}}, Unwell: []dnsview.Unwell{{Service: "a/b", Message: "\x1b]0;owned\x07"}}}
	r := dnsview.Resolution{Remarks: []string{"\x1b[2J"}, Steps: []dnsview.Step{{Answer: "\u009b1m"}}, Asked: &dnsview.Asked{Problem: "\x07"}}
	d := dnsview.Drained{Kept: []dnsview.Kept{{Message: "\x1b[2J"}}}
	if err := p.print("", nil, func(w io.Writer) { printListing(w, &l, "", true); printResolution(w, &r); printDrained(w, &d, "") }); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u009b") {
		t.Errorf("it shows %q", out.String())
	}
}
