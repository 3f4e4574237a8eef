package servicedns

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
	"github.com/fedhelm/fedhelm/pkg/dnsstate"
)

func TestCondition(t *testing.T) {
	members := dnsstate.Members{"gondor": {Addresses: at("192.0.2.1")}, "rohan": {Out: dnsstate.Offline}}
	fine := standing{zone: "example.com", wanted: true, ServiceStatus: keeper.ServiceStatus{Settled: true}}
	failing := standing{zone: "example.org", wanted: true, ServiceStatus: keeper.ServiceStatus{Err: errors.New("no route to host")}}
	conflict := fine
	conflict.Conflicts = []dns.Conflict{{Name: "web.example.com.", Message: `"web.example.com." is somebody else's`}}
	refused := fine
	refused.Rejected = []keeper.Rejection{{Name: "web.example.com.", Err: errors.New("a label of it is reserved")}}
	tests := []struct {
		name   string
		of     verdict
		source source
		reason string
		says   string
	}{
		{name: "published, and to whom", of: verdict{members: members, names: 3, zones: []standing{fine}}, reason: "Published", says: "lead to gondor; not to rohan (Offline)"},
		{
			name: "published, but it is not known whether anything is ready", of: verdict{members: members, names: 3, zones: []standing{fine}, doubts: []string{"gondor"}},
			reason: "Published", says: "fedhelm join gondor --refresh",
		},
		{
			name: "published, but by what a member had before", of: verdict{members: members, names: 3, zones: []standing{fine}, unknown: []string{"lb.example of gondor"}},
			reason: "Published", says: "cannot be resolved: lb.example of gondor: what addresses the member had before hold",
		},
		{
			name: "published, although it drains a member that there is not", of: verdict{members: members, names: 3, zones: []standing{fine}, strays: "gondro is no member"},
			reason: "Published", says: "lead to gondor; not to rohan (Offline); gondro is no member",
		},
		{name: "which is said beside what is worse", of: verdict{members: members, names: 3, zones: []standing{conflict}, strays: "gondro is no member"}, reason: "Conflict", says: "; gondro is no member"},
		{name: "no member backs it, for want of an answer", of: verdict{zones: []standing{fine}, unknown: []string{"lb.example of gondor"}}, reason: "NoBackend", says: "lb.example of gondor"},
		{name: "no member backs it", of: verdict{members: dnsstate.Members{"rohan": {Out: dnsstate.Offline}}, zones: []standing{fine}}, reason: "NoBackend", says: "rohan (Offline)"},
		{name: "it is nowhere", of: verdict{zones: []standing{fine}}, reason: "NoBackend", says: "in no member"},
		{name: "a zone has not taken it", of: verdict{members: members, names: 3, zones: []standing{failing}}, reason: "ProviderFailed", says: "example.org: no route"},
		{
			name: "a zone takes its time", of: verdict{members: members, names: 3, zones: []standing{{zone: "example.net"}}}, reason: "ProviderFailed",
			says: "example.net: it has not made the change yet",
		},
		{name: "one of two zones has not taken it", of: verdict{members: members, names: 6, zones: []standing{fine, failing}}, reason: "Partial", says: "example.org"},
		{name: "a name is somebody else's", of: verdict{members: members, names: 3, zones: []standing{conflict}}, reason: "Conflict", says: `"web.example.com." is somebody`},
		{name: "one name is refused", of: verdict{members: members, names: 3, zones: []standing{refused}}, reason: "Partial", says: "reserved"},
		{name: "all names are refused", of: verdict{members: members, names: 1, zones: []standing{refused}}, reason: "Rejected", says: "reserved"},
		{name: "no name can be made", of: verdict{members: members, problems: []string{"too long"}, zones: []standing{fine}}, reason: "Rejected", says: "too long"},
		{name: "some names cannot be made", of: verdict{members: members, names: 1, problems: []string{"too long"}, zones: []standing{fine}}, reason: "Partial", says: "too long"},
		{
			name: "what is malformed is said, whatever is published still", source: source{problems: []string{"no TTL"}},
			of: verdict{members: members, names: 3, problems: []string{"no TTL"}, zones: []standing{fine}}, reason: "Rejected", says: "no TTL",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			is := tt.of.condition(&tt.source, noon)
			if is.Reason != tt.reason || !strings.Contains(is.Message, tt.says) || (is.Status == metav1.ConditionTrue) != (tt.reason == "Published") {
				t.Errorf("condition %s %s: %s", is.Status, is.Reason, is.Message)
			}
		})
	}
}

func TestConditionKeepsItsTimeAndItsMeasure(t *testing.T) {
	var all []string
	for i := range 5 {
		all = append(all, fmt.Sprint(i, strings.Repeat("é", 300)))
	}
	before := &metav1.Condition{Type: fedv1beta1.ServiceDNS, Status: metav1.ConditionFalse, Reason: "NoBackend", LastTransitionTime: metav1.NewTime(noon.Add(-time.Hour))}
	v := verdict{problems: all, zones: []standing{{ServiceStatus: keeper.ServiceStatus{Settled: true}}}}
	is := v.condition(&source{condition: before}, noon)
	if !is.LastTransitionTime.Equal(&before.LastTransitionTime) {
		t.Errorf("it has been so since %s, want since %s", is.LastTransitionTime, before.LastTransitionTime)
	}
	if len(is.Message) > longestMessage || !strings.HasSuffix(is.Message, "...") {
		t.Errorf("message of %d bytes", len(is.Message))
	}
}

func TestMoves(t *testing.T) {
	in := dnsstate.Member{Addresses: at("192.0.2.1")}
	out := dnsstate.Member{Addresses: at("192.0.2.1"), Out: dnsstate.Drained}
	m := newMoves(dnsstate.Members{"gondor": in, "rohan": out, "shire": {Out: dnsstate.NotPlaced}})
	steps := []struct {
		name    string
		members dnsstate.Members
		out, in string
	}{
		{name: "nothing", members: dnsstate.Members{"gondor": in, "rohan": out}},
		{name: "one goes", members: dnsstate.Members{"gondor": out, "rohan": out}, out: "gondor (Drained)"},
		{name: "it comes back, as does another", members: dnsstate.Members{"gondor": in, "rohan": in}, in: "gondor,rohan"},
		{name: "one that is new is no news", members: dnsstate.Members{"gondor": in, "rohan": in, "shire": in}},
		{name: "until it goes for good", members: dnsstate.Members{"gondor": in, "rohan": in}, out: "shire (gone)"},
		{name: "which is told once", members: dnsstate.Members{"gondor": in, "rohan": in}},
	}
	for _, s := range steps {
		m.note(s.members, false)
		gone, back := m.of(s.members)
		if strings.Join(gone, ",") != s.out || strings.Join(back, ",") != s.in {
			t.Errorf("%s: %q went out, and %q came back", s.name, gone, back)
		}
		m.note(s.members, true)
	}
}

func TestSameCondition(t *testing.T) {
	is := func(reason, message string) *metav1.Condition {
		return &metav1.Condition{Status: metav1.ConditionFalse, Reason: reason, Message: message}
	}
	for _, tt := range []struct {
		name    string
		a, b    *metav1.Condition
		failing bool
		want    bool
	}{
		{name: "none and none", want: true},
		{name: "one and none", a: is("Partial", "")},
		{name: "another message", a: is("Partial", "port 1"), b: is("Partial", "port 2")},
		{name: "another message of a zone that fails, whatever of several others do", a: is("Partial", "port 1"), b: is("Partial", "port 2"), failing: true, want: true},
		{name: "another reason", a: is("Partial", ""), b: is("ProviderFailed", ""), failing: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sameCondition(tt.a, tt.b, tt.failing); got != tt.want {
				t.Errorf("sameCondition = %t, want %t", got, tt.want)
			}
		})
	}
}
