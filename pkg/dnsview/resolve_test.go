package dnsview

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// inside is a member as its operator reaches it, with CoreDNS and Service shop/web.
type inside struct {
	objects []runtime.Object
	uid     types.UID
	answer  []string // records of every answer
	code    int
	asked   []string
}

func newInside(objects ...runtime.Object) *inside {
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "kube-system", Name: name, Labels: map[string]string{"k8s-app": "kube-dns"}}
	}
	return &inside{uid: "gondor-uid", objects: append(objects,
		&corev1.Service{ObjectMeta: meta("kube-dns"), Spec: corev1.ServiceSpec{Selector: map[string]string{"k8s-app": "kube-dns"}}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "coredns"}, Data: map[string]string{"Corefile": ".:53 {\n    kubernetes middle.earth\n    reload\n}\n"}},
		&corev1.Pod{ObjectMeta: meta("coredns-1"), Spec: corev1.PodSpec{
			Containers: []corev1.Container{{Image: "coredns", Args: []string{"-conf", "/etc/coredns/Corefile"}, VolumeMounts: []corev1.VolumeMount{{Name: "c", MountPath: "/etc/coredns"}}}},
			Volumes:    []corev1.Volume{{Name: "c", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "coredns"}}}}},
		}, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}},
	)}
}

func (m *inside) way() *Way {
	objects := append([]runtime.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: m.uid}}}, m.objects...)
	return &Way{Client: fake.NewClientset(objects...), Ask: m.ask, Context: "gondor"}
}

func (m *inside) ask(_ context.Context, _ types.NamespacedName, _ int, queries ...*dns.Msg) ([]*dns.Msg, error) {
	var replies []*dns.Msg
	for _, q := range queries {
		reply := new(dns.Msg).SetRcode(q, m.code)
		for _, line := range m.answer {
			if rr, err := dns.NewRR(line); err == nil && (rr.Header().Rrtype == dns.TypeCNAME || rr.Header().Rrtype == q.Question[0].Qtype) {
				reply.Answer = append(reply.Answer, rr)
			}
		}
		replies = append(replies, reply)
	}
	m.asked = append(m.asked, queries[0].Question[0].Name)
	return replies, nil
}

// localWeb is the copy of shop/web in a member, with an endpoint that is ready, or not.
func localWeb(ready bool, edits ...func(*corev1.Service)) []runtime.Object {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}, Spec: corev1.ServiceSpec{ClusterIP: "10.0.0.7", ClusterIPs: []string{"10.0.0.7", "fd00::7"}}}
	for _, edit := range edits {
		edit(s)
	}
	return []runtime.Object{s, &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{
			{Addresses: []string{"10.1.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}},
			{Addresses: []string{"10.1.0.2"}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(false)}},
		},
	}}
}

// told is a resolution as text, a line for each step.
func told(r Resolution) []string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, s.Name+" | "+s.Who+" | "+s.Answer)
		for _, m := range s.Members {
			if m.Name == "" || m.Backs == (m.Reason != "") {
				all = append(all, fmt.Sprintf("of whom is %+v?", m))
			}
		}
	}
	all = append(all, fmt.Sprintf("%s %s%s", r.Leads, r.Addresses, r.Hostname))
	for _, remark := range r.Remarks {
		all = append(all, "note: "+remark)
	}
	switch {
	case r.Asked == nil:
	case r.Asked.Problem != "":
		all = append(all, "not asked: "+r.Asked.Problem)
	default:
		for _, a := range r.Asked.Answers {
			all = append(all, fmt.Sprintf("%s says %s %s%s, agrees %t", r.Asked.Server, a.Code, a.Addresses, a.Error, a.Agrees))
		}
	}
	return all
}

const (
	global   = "web.shop.fellowship.svc.example.com"
	west     = "web.shop.fellowship.svc.west.example.com"
	westA    = "web.shop.fellowship.svc.west-a.west.example.com"
	atGlobal = global + " | DNS zone example.com, all members | A 198.51.100.9; AAAA 2001:db8::9"
	atWest   = west + " | DNS zone example.com, region west | nobody backs it there, so it leads on to " + global
	atWestA  = westA + " | DNS zone example.com, zone west-a of region west | nobody backs it there, so it leads on to " + west
	mordors  = "federation [198.51.100.9 2001:db8::9]"
	noGondor = "not asked: no context gondor"
)

func TestResolve(t *testing.T) {
	out, in := "{"+gondorOut+","+mordorIn+"}", "{"+gondorIn+"}"
	held := gondorOut
	drained := `{"gondor":{"addresses":["203.0.113.7"],"out":"Drained"}}`
	tests := []struct {
		name    string
		service *corev1.Service // nil: there is none
		edit    func(*world)
		ask     string
		from    string
		want    []string
	}{
		{name: "from outside: that of all members", service: service("web", out), ask: "web.shop.fellowship", want: []string{atGlobal, mordors}},
		{name: "in full it is no other", service: service("web", out), ask: "Web.shop.fellowship.svc.cluster.local.", want: []string{atGlobal, mordors}},
		{name: "a name of a zone goes up to where somebody backs it", service: service("web", out), ask: westA + ".", want: []string{atWestA, atWest, atGlobal, mordors}},
		{name: "a place that no member is at", service: service("web", out), ask: "web.shop.fellowship.svc.moon.example.com", want: []string{
			"web.shop.fellowship.svc.moon.example.com | DNS zone example.com, region moon | no such name: no member is there", "none []",
		}},
		{name: "a Service that nobody backs", service: service("web", "{"+held+"}", says("NoBackend", "")), ask: "web.shop.fellowship", want: []string{
			global + " | DNS zone example.com, all members | no such name: no member backs the Service", "none []",
		}},
		{name: "a Service that there is not", ask: "web.shop.fellowship", want: []string{
			global + " | DNS zone example.com, all members | no such name: the federation has no such Service", "none []",
		}},
		{name: "a Service that asks for no names", service: service("web", "", annotated(fedv1beta1.AnnotationDNSAddresses, "none")), ask: "web.shop.fellowship", want: []string{
			global + " | DNS zone example.com, all members | no such name: annotation federation.fedhelm.io/dns-addresses says none", "none []",
		}},
		{name: "a hostname is where it ends", service: service("web", `{"gondor":{"hostname":"lb.example.net."}}`), ask: global, want: []string{
			global + " | DNS zone example.com, all members | CNAME lb.example.net", "federation []lb.example.net",
		}},
		{name: "records that may be others", service: service("web", out, says("ProviderFailed", "timeout")), ask: global, want: []string{
			atGlobal, mordors, `note: the records may be others than those computed: Service "shop/web" is ProviderFailed: timeout`,
		}},
		{
			name: "a zone that is not ready", service: service("web", out), ask: global, want: []string{
				atGlobal, mordors, `note: the records may be others than those computed: DNS zone "example.com" is not ready: Denied: bad key`,
			},
			edit: func(w *world) {
				w.zones[0].Status.Conditions[0] = metav1.Condition{Type: fedv1beta1.DNSZoneReady, Status: metav1.ConditionFalse, Reason: "Denied", Message: "bad key"}
			},
		},
		{name: "from a member that backs it", service: service("web", in), ask: "web.shop.fellowship", from: "gondor", want: []string{
			"web.shop.fellowship | the search list of the pod | completes it to web.shop.fellowship.svc.cluster.local",
			"web.shop.fellowship.svc.cluster.local | the DNS of gondor | asks the federation's resolver, or is kube-dns and knows the federation itself",
			"web.shop.svc.cluster.local | the Service of gondor | has ready endpoints, as the federation last saw it: its ClusterIP, which the federation does not know",
			"local []", `note: the domain of cluster "gondor" is taken to be cluster.local`, noGondor,
		}},
		{name: "from a member where nothing is ready", service: service("web", out), ask: "web.shop.fellowship.svc.cluster.local", from: "gondor", want: []string{
			"web.shop.fellowship.svc.cluster.local | the DNS of gondor | asks the federation's resolver, or is kube-dns and knows the federation itself",
			"web.shop.svc.cluster.local | the Service of gondor | NoReadyEndpoints, as the federation last saw it: the federation's names are next",
			atWestA, atWest, atGlobal, mordors, noGondor,
		}},
		{name: "from a member of which it cannot be told", service: service("web", drained), ask: "web.shop.fellowship.svc.cluster.local", from: "gondor", want: []string{
			"web.shop.fellowship.svc.cluster.local | the DNS of gondor | asks the federation's resolver, or is kube-dns and knows the federation itself",
			"web.shop.svc.cluster.local | the Service of gondor | not known: the cluster was not looked at, and the federation does not say. Without a ready endpoint the federation's names are next",
			westA + " | DNS zone example.com, zone west-a of region west | no such name: no member backs the Service", "unknown []", noGondor,
		}},
		{name: "a name in the zone is the same from a member", service: service("web", out), ask: global, from: "gondor", want: []string{atGlobal, mordors, noGondor}},
		{name: "of several zones none is nearer", service: service("web", out), ask: "web.shop.fellowship.svc.x.y", from: "rohan", want: []string{
			"web.shop.fellowship.svc.x.y | the DNS of rohan | asks the federation's resolver, or is kube-dns and knows the federation itself",
			"web.shop.svc.x.y | the Service of rohan | not known: the cluster was not looked at, and the federation does not say. Without a ready endpoint the federation's names are next",
			atWest, atGlobal, "unknown [198.51.100.9 2001:db8::9]", noGondor,
		}},
		{name: "a member nowhere asks for all", service: service("web", "{"+mordorIn+","+shireOut+"}"), ask: "web.shop.fellowship.svc.x.y", from: "shire", want: []string{
			"web.shop.fellowship.svc.x.y | the DNS of shire | asks the federation's resolver, or is kube-dns and knows the federation itself",
			"web.shop.svc.x.y | the Service of shire | NotPlaced, as the federation last saw it: the federation's names are next",
			atGlobal, mordors, noGondor,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := middleEarth()
			if tt.service != nil {
				w = middleEarth(tt.service)
			}
			if tt.edit != nil {
				tt.edit(w)
			}
			r, err := w.view(t).Resolve(t.Context(), Question{Name: tt.ask, From: tt.from, NoWay: "no context gondor"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, told(r)); diff != "" {
				t.Errorf("Resolve (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveLooksIntoTheMember(t *testing.T) {
	const (
		full     = "web.shop.fellowship.svc.middle.earth"
		forwards = full + " | CoreDNS of gondor | forwards fellowship.svc.middle.earth to the federation's resolver"
		own      = "web.shop.svc.middle.earth | the Service of gondor | "
		next     = "so the federation's names are next"
	)
	tests := []struct {
		name   string
		member *inside
		answer []string
		code   int
		uid    types.UID
		want   []string // but for the first step, where its DNS was found
	}{
		{name: "its own Service answers", member: newInside(localWeb(true)...), answer: []string{full + ". 30 IN A 10.0.0.7", full + ". 30 IN AAAA fd00::7"}, want: []string{
			forwards, own + "has ready endpoints (1): 10.0.0.7, fd00::7", "local [10.0.0.7 fd00::7]", "CoreDNS of gondor says NOERROR [10.0.0.7 fd00::7], agrees true",
		}},
		{name: "its endpoints answer for one without an address", member: newInside(localWeb(true, func(s *corev1.Service) {
			s.Spec.ClusterIP, s.Spec.ClusterIPs = "None", []string{"None"}
		})...), answer: []string{full + ". 30 IN A 10.1.0.1"}, want: []string{
			forwards, own + "has ready endpoints (1): 10.1.0.1", "local [10.1.0.1]", "CoreDNS of gondor says NOERROR [10.1.0.1], agrees true",
		}},
		{name: "nothing is ready", member: newInside(localWeb(false)...), answer: []string{full + ". 30 IN CNAME " + westA + ".", westA + ". 60 IN A 198.51.100.9", westA + ". 60 IN AAAA 2001:db8::9"}, want: []string{
			forwards, own + "has no ready endpoint, " + next, atWestA, atWest, atGlobal, mordors, "CoreDNS of gondor says NOERROR [198.51.100.9 2001:db8::9], agrees true",
		}},
		{name: "it has no such Service, and its answer is another", member: newInside(), answer: []string{full + ". 30 IN A 203.0.113.7"}, want: []string{
			forwards, own + "there is none, " + next, atWestA, atWest, atGlobal, mordors, "CoreDNS of gondor says NOERROR [203.0.113.7], agrees false",
		}},
		{name: "its answer is that there is none", member: newInside(), code: dns.RcodeNameError, want: []string{
			forwards, own + "there is none, " + next, atWestA, atWest, atGlobal, mordors, "CoreDNS of gondor says NXDOMAIN [], agrees false",
		}},
		{name: "a Service that leads elsewhere by itself", member: newInside(localWeb(false, func(s *corev1.Service) {
			s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "shop.example.org"}
		})...), answer: []string{full + ". 30 IN CNAME shop.example.org."}, want: []string{
			forwards, own + "leads to shop.example.org", "local []shop.example.org", "CoreDNS of gondor says NOERROR [], agrees true",
		}},
		{name: "it is another cluster", member: newInside(), uid: "mordor-uid", want: []string{
			"web.shop.fellowship.svc.cluster.local | the DNS of gondor | asks the federation's resolver, or is kube-dns and knows the federation itself",
			"web.shop.svc.cluster.local | the Service of gondor | NoReadyEndpoints, as the federation last saw it: the federation's names are next", atWestA, atWest, atGlobal, mordors,
			`note: the domain of cluster "gondor" is taken to be cluster.local`, `not asked: context "gondor" leads to another cluster than the one that has joined as "gondor"`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.member.answer, tt.member.code = tt.answer, tt.code
			if tt.uid != "" {
				tt.member.uid = tt.uid
			}
			w := middleEarth(service("web", "{"+gondorOut+","+mordorIn+"}"))
			r, err := w.view(t).Resolve(t.Context(), Question{Name: "web.shop.fellowship", From: "gondor", Way: tt.member.way()})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, told(r)[1:]); diff != "" {
				t.Errorf("Resolve (-want +got):\n%s", diff)
			}
			if tt.uid == "" && (len(tt.member.asked) != 1 || tt.member.asked[0] != full+".") {
				t.Errorf("asked for %q", tt.member.asked)
			}
		})
	}
}

func TestResolveOfAMemberWhoseDNSIsNotSetUp(t *testing.T) {
	m := newInside()
	m.objects = nil // neither CoreDNS nor kube-dns
	w := middleEarth(service("web", "{"+gondorOut+","+mordorIn+"}"))
	r, err := w.view(t).Resolve(t.Context(), Question{Name: "web.shop.fellowship.svc.cluster.local", From: "gondor", Way: m.way()})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(told(r), "\n")
	for _, want := range []string{
		"asks the federation's resolver, if it was told to forward fellowship.svc.cluster.local",
		`note: cluster "gondor": there is no Service "kube-system/kube-dns"; its pods find federation names only if its DNS was set up by hand`,
		`not asked: the cluster's DNS cannot be asked: there is no Service "kube-system/kube-dns"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not said:\n%s", want, all)
		}
	}
}

func TestResolveReportsAllThatIsWrongWithTheQuestion(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorIn+"}"))
	w.zones = append(w.zones, zone("example.net.", 60))
	tests := []struct {
		name string
		ask  Question
		want []string // a part of each line
	}{
		{name: "all at once", ask: Question{Name: "web.shop", From: "moria", Zone: "example.org"}, want: []string{
			`NAME "web.shop" is none of SERVICE.NAMESPACE.fellowship, SERVICE.NAMESPACE.fellowship.svc.CLUSTER-DOMAIN, or a name of federation "fellowship" in example.com, example.net; did you mean web.shop.fellowship?`,
			`--dns-zone: federation "fellowship" has no DNS zone "example.org"; it has: example.com, example.net`,
			`--from: federation "fellowship" has no cluster "moria"; it has: gondor, mordor, rohan, shire`,
		}},
		{name: "a Service alone", ask: Question{Name: "web", Zone: "example.com"}, want: []string{"did you mean web.default.fellowship?"}},
		{name: "several zones, and none is chosen", ask: Question{Name: "web.shop.fellowship"}, want: []string{"several DNS zones: example.com, example.net; choose one with --dns-zone"}},
		{name: "a name in another zone than the one chosen", ask: Question{Name: global, Zone: "example.net"}, want: []string{`is in zone "example.com", not in "example.net"`}},
		{name: "another federation", ask: Question{Name: "web.shop.nazgul", Zone: "example.com"}, want: []string{"is none of"}},
		{name: "too many labels", ask: Question{Name: "a.web.shop.fellowship", Zone: "example.com"}, want: []string{"is none of"}},
		{name: "an empty label", ask: Question{Name: "web..fellowship", Zone: "example.com"}, want: []string{"is none of"}},
		{name: "another domain than the member's", ask: Question{Name: "web.shop.fellowship.svc.cluster.local", Zone: "example.com", From: "gondor", Way: newInside().way()}, want: []string{`ends with cluster.local, and the domain of cluster "gondor" is middle.earth`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := w.view(t).Resolve(t.Context(), tt.ask)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.Split(err.Error(), "\n")
			if len(got) != len(tt.want) {
				t.Fatalf("%d lines, want %d:\n%v", len(got), len(tt.want), err)
			}
			for i := range got {
				if !strings.Contains(got[i], tt.want[i]) {
					t.Errorf("line %d does not say %q:\n%s", i+1, tt.want[i], got[i])
				}
			}
		})
	}
	if _, err := w.view(t).Resolve(t.Context(), Question{Name: "web.shop.fellowship", Main: "example.net"}); err != nil {
		t.Errorf("with a main zone: %v", err)
	}
}
