package dnsview

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// lines of names: NAME LEVEL RECORDS TTL, those that back it, those that do not.
func lines(l Listing) []string {
	var all []string
	for _, n := range l.Names {
		var records, in, out []string
		for _, r := range n.Records {
			records = append(records, string(r.Type)+":"+strings.Join(r.Values, ","))
		}
		for _, m := range n.Members {
			if m.Backs {
				in = append(in, m.Name)
			} else {
				out = append(out, m.Name+":"+m.Reason)
			}
		}
		all = append(all, fmt.Sprintf("%s %s %s %d in%v out%v", n.Name, n.Level, strings.Join(records, " "), n.TTL, in, out))
	}
	return all
}

func TestListHasEveryPlaceOfEveryMember(t *testing.T) {
	w := middleEarth(service("web", "{"+strings.Join([]string{gondorOut, rohanOut, mordorIn, shireOut}, ",")+"}"))
	got, err := w.view(t).List(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	const all = "[mordor] out[gondor:NoReadyEndpoints rohan:NoAddress shire:NotPlaced]"
	want := []string{
		"web.shop.fellowship.svc.east-a.east.example.com zone A:198.51.100.9 AAAA:2001:db8::9 60 in[mordor] out[]",
		"web.shop.fellowship.svc.east.example.com region A:198.51.100.9 AAAA:2001:db8::9 60 in[mordor] out[]",
		"web.shop.fellowship.svc.example.com global A:198.51.100.9 AAAA:2001:db8::9 60 in" + all,
		"web.shop.fellowship.svc.west-a.west.example.com zone CNAME:web.shop.fellowship.svc.west.example.com 60 in[] out[gondor:NoReadyEndpoints]",
		"web.shop.fellowship.svc.west-b.west.example.com zone CNAME:web.shop.fellowship.svc.west.example.com 60 in[] out[rohan:NoAddress]",
		"web.shop.fellowship.svc.west-c.west.example.com zone CNAME:web.shop.fellowship.svc.west.example.com 60 in[] out[rohan:NoAddress]",
		"web.shop.fellowship.svc.west.example.com region CNAME:web.shop.fellowship.svc.example.com 60 in[] out[gondor:NoReadyEndpoints rohan:NoAddress]",
	}
	slices.Sort(want)
	names := lines(got)
	slices.Sort(names)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if len(got.Unwell) > 0 {
		t.Errorf("%+v is said of a Service that is published", got.Unwell)
	}
	if n := got.Names[0]; n.Federation != "fellowship" || n.Service != "shop/web" || n.Zone != "example.com" || n.State != "Published" {
		t.Errorf("the first name is %+v", n)
	}
}

func TestListLeavesOutWhatIsNotAskedFor(t *testing.T) {
	db := service("db", "{"+mordorIn+"}")
	db.Namespace = "data"
	w := middleEarth(service("web", "{"+gondorIn+"}"), service("web2", "{"+gondorIn+"}"), db)
	w.zones = append(w.zones, zone("example.net.", 30))
	tests := []struct {
		name   string
		filter Filter
		want   []string // Services and zones
		names  int
		err    string
	}{
		{name: "everything", want: []string{"data/db example.com", "data/db example.net", "shop/web example.com", "shop/web example.net", "shop/web2 example.com", "shop/web2 example.net"}, names: 7 * 6},
		{name: "a Service", filter: Filter{Name: "web"}, want: []string{"shop/web example.com", "shop/web example.net"}, names: 14},
		{name: "with its namespace", filter: Filter{Name: "data/db"}, want: []string{"data/db example.com", "data/db example.net"}, names: 14},
		{name: "in another namespace", filter: Filter{Name: "shop/db"}},
		{name: "by its name", filter: Filter{Name: "web.shop.fellowship"}, want: []string{"shop/web example.com", "shop/web example.net"}, names: 14},
		{name: "one name", filter: Filter{Name: "WEB.shop.fellowship.svc.west.example.net."}, want: []string{"shop/web example.net"}, names: 1},
		{name: "one zone", filter: Filter{Name: "web", Zone: "example.net."}, want: []string{"shop/web example.net"}, names: 7},
		{name: "a zone that there is not", filter: Filter{Zone: "example.org"}, err: `no DNS zone "example.org"; it has: example.com, example.net`},
		{name: "no name of this federation", filter: Filter{Name: "web.shop.nazgul"}, err: `NAME "web.shop.nazgul" is none of SERVICE.NAMESPACE.fellowship`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := w.view(t).List(tt.filter)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("List: %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range l.Names {
				got = append(got, n.Service+" "+n.Zone)
			}
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, tt.want) || len(l.Names) != tt.names {
				t.Errorf("%d names of %q, want %d of %q", len(l.Names), got, tt.names, tt.want)
			}
		})
	}
}

// What the controller manager refuses since it might lead in a circle is not listed either.
func TestListHasNoNameThatLeadsIntoAnotherZone(t *testing.T) {
	w := middleEarth(service("web", `{"mordor":{"addresses":["198.51.100.9"],"hostname":"db.shop.fellowship.svc.example.net"}}`))
	w.zones = append(w.zones, zone("example.net.", 30))
	l, err := w.view(t).List(Filter{Name: "web"})
	if err != nil || len(l.Names) == 0 {
		t.Fatalf("List = %v, %v", l.Names, err)
	}
	for _, line := range lines(l) {
		if strings.Contains(line, "CNAME:db.") {
			t.Errorf("it lists %s", line)
		}
	}
}

func TestNamespacesThatNamesName(t *testing.T) {
	for name, want := range map[string]string{"": "", "web": "", "web.shop": "", "shop/web": "shop", "WEB.Shop.fellowship": "shop", "web.shop.fellowship.svc.example.com.": "shop"} {
		if got := (Filter{Name: name}).Namespace(); got != want {
			t.Errorf("the namespace of %q is %q, want %q", name, got, want)
		}
	}
}

func TestListSaysWhatIsAmiss(t *testing.T) {
	out := "{" + gondorOut + "}"
	now := metav1.Now()
	tests := []struct {
		name    string
		service *corev1.Service
		want    string // REASON: MESSAGE; "": nothing is said
		names   int
	}{
		{name: "nobody backs it", service: service("web", out, says("NoBackend", "no member backs it")), want: "NoBackend: no member backs it"},
		{name: "somebody else has its names", service: service("web", "{"+gondorIn+"}", says("Conflict", "x is foreign")), want: "Conflict: x is foreign", names: 7},
		{name: "nobody has looked at it", service: service("web", "", func(s *corev1.Service) { s.Status.Conditions = nil }), want: "Unknown: the controller manager has said nothing of it yet"},
		{name: "what asks for no names", service: service("web", "", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })},
		{name: "what is kept out", service: service("web", "", annotated(fedv1beta1.AnnotationDNSAddresses, "none"))},
		{name: "what goes into no member", service: service("web", "{"+gondorIn+"}", annotated(fedv1beta1.AnnotationFederate, "false"))},
		{name: "what is on its way out", service: service("web", "{"+gondorIn+"}", func(s *corev1.Service) { s.DeletionTimestamp, s.Finalizers = &now, []string{"x"} })},
		{name: "an annotation that somebody else wrote", service: service("web", "gondor"), want: "Partial: annotation federation.fedhelm.io/dns: "},
		{
			name: "a member that is drained and not there", names: 7, service: service("web", "{"+gondorIn+"}", annotated(fedv1beta1.AnnotationDNSDrain, "rohan, Gondor")),
			want: "Published: annotation federation.fedhelm.io/dns-drain drains Gondor, which is no member of the federation",
		},
		{
			name: "which is said once", service: service("web", out, says("NoBackend", "no member backs it; annotation federation.fedhelm.io/dns-drain drains Gondor, which is no member of the federation: see fedhelm clusters"), annotated(fedv1beta1.AnnotationDNSDrain, "Gondor")),
			want: "NoBackend: no member backs it; annotation federation.fedhelm.io/dns-drain drains Gondor, which is no member of the federation: see fedhelm clusters",
		},
		{
			name: "a name that is too long", names: 3,
			service: service(strings.Repeat("w", 63), "{"+gondorIn+"}", func(s *corev1.Service) { s.Namespace = strings.Repeat("n", 63) }),
			want:    "Partial: name ",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := middleEarth(tt.service)
			if strings.Contains(tt.name, "long") {
				w.zones[0].Spec.Suffix = strings.Repeat("z", 63) + "." + strings.Repeat("y", 20) + ".example.com."
			}
			l, err := w.view(t).List(Filter{})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, u := range l.Unwell {
				got += u.Reason + ": " + u.Message
			}
			if strings.Count(got, "which is no member") > 1 || !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") || len(l.Names) != tt.names {
				t.Errorf("%d names, and %q; want %d, and %q", len(l.Names), got, tt.names, tt.want)
			}
		})
	}
}

func TestListSaysWhyAMemberIsOut(t *testing.T) {
	away := func(w *world) {
		w.cluster("gondor").Status.Conditions[0] = metav1.Condition{Type: fedv1beta1.ClusterReady, Status: metav1.ConditionFalse, Reason: fedv1beta1.ReasonClusterNotReachable}
	}
	drained := func(w *world) {
		w.cluster("gondor").Annotations = map[string]string{fedv1beta1.AnnotationDNSDrain: "true"}
	}
	says := func(reason string) string { return `{"gondor":{"addresses":["203.0.113.7"],"out":"` + reason + `"}}` }
	tests := []struct {
		name    string
		service *corev1.Service
		edit    func(*world)
		want    string // REASON: MESSAGE
	}{
		{name: "not there", service: service("web", says("NotPlaced")), want: "NotPlaced: no copy of the Service is there: fedhelm describe service/web -n shop says why"},
		{name: "drained", service: service("web", says("Drained")), edit: drained, want: "Drained: the cluster is drained: fedhelm dns undrain gondor brings it back"},
		{name: "drained for this Service", service: service("web", says("Drained"), annotated(fedv1beta1.AnnotationDNSDrain, "gondor,rohan")), want: "Drained: the Service is drained there: fedhelm dns undrain gondor --service shop/web brings it back"},
		{name: "drained with all others", service: service("web", says("Drained"), annotated(fedv1beta1.AnnotationDNSDrain, "*")), want: "Drained: the Service's annotation federation.fedhelm.io/dns-drain drains all members"},
		{name: "no longer drained", service: service("web", says("Drained")), want: "Drained: it was drained, and is coming back"},
		{name: "away", service: service("web", says("Offline")), edit: away, want: "Offline: the cluster is not ready: ClusterNotReachable"},
		{name: "back again", service: service("web", says("Offline")), want: "Offline: the cluster was not ready for too long"},
		{name: "without an address of a load balancer", service: service("web", says("NoAddress")), want: "NoAddress: it has no address of a load balancer"},
		{name: "without those of nodes", service: service("web", says("NoAddress"), annotated(fedv1beta1.AnnotationDNSAddresses, "nodes")), want: "NoAddress: it has no address of nodes: annotate the Cluster with federation.fedhelm.io/node-addresses"},
		{name: "without externalIPs", service: service("web", says("NoAddress"), annotated(fedv1beta1.AnnotationDNSAddresses, "external-ips")), want: "NoAddress: it has no address in its externalIPs"},
		{name: "without that of an Ingress", service: service("web", says("NoAddress"), annotated(fedv1beta1.AnnotationDNSAddresses, "ingress/front")), want: "NoAddress: it has no address from ingress/front"},
		{name: "neither an address nor a reason", service: service("web", `{"gondor":{}}`), want: "NoAddress: it has no address of a load balancer"},
		{name: "nothing is ready", service: service("web", says("NoReadyEndpoints")), want: "NoReadyEndpoints: nothing there is ready to serve it"},
		{name: "a reason of tomorrow", service: service("web", says("Overloaded")), want: "Overloaded: "},
		{name: "nothing is known", service: service("web", "{}"), want: "Unknown: the controller manager has not said how it stands there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := middleEarth(tt.service)
			if tt.edit != nil {
				tt.edit(w)
			}
			v := w.view(t)
			st := v.stateOf(&v.services[0])
			if got := st.members["gondor"]; got.Backs || got.Reason+": "+got.Message != tt.want {
				t.Errorf("gondor is %+v\nwant %s", got, tt.want)
			}
		})
	}
}

func TestListHasNoPlacesOfMembersThatLeave(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorIn+"}"))
	w.cluster("mordor").Annotations = map[string]string{fedv1beta1.AnnotationLeaving: fedv1beta1.LeavingKeep}
	l, err := w.view(t).List(Filter{})
	if err != nil || slices.ContainsFunc(l.Names, func(n Name) bool { return strings.Contains(n.Name, "east") }) || len(l.Names) != 5 {
		t.Errorf("names %q, %v", lines(l), err)
	}
}

func TestListTakesTheTTLOfTheServiceOrOfTheZone(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorIn+"}", annotated(fedv1beta1.AnnotationDNSTTL, "5m")), service("zed", "{"+gondorIn+"}"))
	l, err := w.view(t).List(Filter{})
	if err != nil || l.Names[0].TTL != 300 || l.Names[len(l.Names)-1].TTL != 60 {
		t.Errorf("names %q, %v", lines(l), err)
	}
}

func TestReadNeedsAZone(t *testing.T) {
	w := middleEarth()
	w.zones = nil
	if _, err := Read(t.Context(), w.api(), "shop"); !errors.Is(err, ErrNoZone) || !strings.Contains(err.Error(), "--dns-provider") {
		t.Errorf("without a zone: %v, want ErrNoZone with the way out", err)
	}
	w.err = apierrors.NewNotFound(fedv1beta1.Resource("dnszones"), "")
	if _, err := Read(t.Context(), w.api(), "shop"); err == nil || !strings.Contains(err.Error(), "fedhelm upgrade") {
		t.Errorf("of an older control plane: %v, want an error that names fedhelm upgrade", err)
	}
	w.err = errAway
	if _, err := Read(t.Context(), w.api(), "shop"); !errors.Is(err, errAway) {
		t.Errorf("of an API that is away: %v", err)
	}
}

func TestZonesAsTheControllerManagerLeavesThem(t *testing.T) {
	w := middleEarth()
	w.zones = append(w.zones, zone("aaa.net.", 60), zone("bbb.net.", 60))
	w.zones[1].Status.Conditions = []metav1.Condition{
		{Type: fedv1beta1.DNSZoneReady, Status: metav1.ConditionFalse, Reason: fedv1beta1.ReasonDenied, Message: "bad key"},
		{Type: fedv1beta1.DNSZoneRecordsHeld, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonSourcesMissing, Message: "40 names"},
	}
	w.zones[2].Status = fedv1beta1.DNSZoneStatus{}
	zones, err := ReadZones(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, z := range zones {
		got = append(got, fmt.Sprintf("%s %t %s %q held %q, %d names", z.Name, z.Ready, z.Reason, z.Message, z.Held, z.Names))
	}
	want := []string{
		`aaa.net false Denied "bad key" held "40 names", 6 names`,
		`bbb.net false Unknown "the controller manager has said nothing of it yet" held "", 0 names`,
		`example.com true Synced "" held "", 6 names`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ReadZones (-want +got):\n%s", diff)
	}
}
