package servicedns

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fedhelm/fedhelm/pkg/dnsstate"
	"github.com/fedhelm/fedhelm/pkg/endpoints"
)

// byValue compares addresses.
var byValue = cmpopts.EquateComparable(netip.Addr{})

func at(texts ...string) []netip.Addr { return addresses(texts) }

func TestDecide(t *testing.T) {
	backs := dnsstate.Member{Addresses: at("192.0.2.1")}
	out := func(r dnsstate.Reason) dnsstate.Member { return dnsstate.Member{Addresses: at("192.0.2.1"), Out: r} }
	well := view{placed: yes, addresses: at("192.0.2.1"), ready: yes, knowledge: endpoints.Known}
	with := func(change func(*view)) view {
		v := well
		change(&v)
		return v
	}
	tests := []struct {
		name   string
		before *dnsstate.Member
		is     view
		want   *dnsstate.Member
	}{
		{name: "a member with everything backs", is: well, want: &backs},
		{name: "not if it is not placed there, whatever else", is: with(func(v *view) { v.placed, v.drained = no, true }), want: &dnsstate.Member{Out: dnsstate.NotPlaced}},
		{name: "nor if it is drained, although it is offline too", is: with(func(v *view) { v.drained, v.away = true, true }), want: new(out(dnsstate.Drained))},
		{name: "nor if it is offline", is: with(func(v *view) { v.away = true }), want: new(out(dnsstate.Offline))},
		{name: "nor without an address", is: with(func(v *view) { v.addresses, v.ready = nil, no }), want: &dnsstate.Member{Out: dnsstate.NoAddress}},
		{name: "nor without anything ready", is: with(func(v *view) { v.ready = no }), want: new(out(dnsstate.NoReadyEndpoints))},
		{name: "of a member that never was heard of nothing is said", is: view{}},
		{name: "what is not known is as it was", before: &backs, is: view{}, want: &backs},
		{name: "also if it was out", before: new(out(dnsstate.NoReadyEndpoints)), is: view{}, want: new(out(dnsstate.NoReadyEndpoints))},
		{name: "also if it was offline, as long as nothing is known", before: new(out(dnsstate.Offline)), is: view{}, want: new(out(dnsstate.Offline))},
		{name: "also if it was not placed", before: &dnsstate.Member{Out: dnsstate.NotPlaced}, is: view{}, want: &dnsstate.Member{Out: dnsstate.NotPlaced}},
		{name: "but a drain is known", before: &backs, is: view{drained: true}, want: new(out(dnsstate.Drained))},
		{name: "and its end", before: new(out(dnsstate.Drained)), is: view{ready: unknown}, want: &backs},
		{name: "and an outage", before: &backs, is: view{away: true}, want: new(out(dnsstate.Offline))},
		{name: "endpoints that are not known are as they were", before: &backs, is: with(func(v *view) { v.ready = unknown }), want: &backs},
		{name: "those of a new Service are not ready until it is known", is: with(func(v *view) { v.ready = unknown }), want: new(out(dnsstate.NoReadyEndpoints))},
		{
			name: "those of a member that comes back are not ready until it is known", before: new(out(dnsstate.Offline)),
			is: with(func(v *view) { v.ready = unknown }), want: new(out(dnsstate.NoReadyEndpoints)),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.is.member = "gondor"
			before := dnsstate.Members{}
			if tt.before != nil {
				before["gondor"] = *tt.before
			}
			want := dnsstate.Members{}
			if tt.want != nil {
				want["gondor"] = *tt.want
			}
			got := decide(before, []view{tt.is}, nobody, false)
			if diff := cmp.Diff(want, got, byValue); diff != "" {
				t.Errorf("decide (-want +got):\n%s", diff)
			}
		})
	}
}

// nobody knows no hostname.
func nobody(string) ([]netip.Addr, bool) { return nil, false }

func TestDecideOfHostnames(t *testing.T) {
	known := func(name string) ([]netip.Addr, bool) {
		switch name {
		case "lb.example":
			return at("192.0.2.5", "2001:db8::5"), true
		case "none.example":
			return nil, true
		}
		return nil, false
	}
	tests := []struct {
		name      string
		addresses []netip.Addr
		hostnames []string
		before    dnsstate.Member
		named     bool
		want      dnsstate.Member
	}{
		{name: "what it leads to", hostnames: []string{"lb.example"}, want: dnsstate.Member{Addresses: at("192.0.2.5", "2001:db8::5")}},
		{name: "beside addresses", addresses: at("192.0.2.1"), hostnames: []string{"lb.example"}, want: dnsstate.Member{Addresses: at("192.0.2.1", "192.0.2.5", "2001:db8::5")}},
		{name: "one that leads nowhere is no address", hostnames: []string{"none.example"}, named: true, want: dnsstate.Member{Out: dnsstate.NoAddress}},
		{
			name: "one that was not resolved yet leads where it did", hostnames: []string{"new.example"}, before: dnsstate.Member{Addresses: at("192.0.2.8")},
			want: dnsstate.Member{Addresses: at("192.0.2.8")},
		},
		{name: "itself, if asked for", hostnames: []string{"lb.example"}, named: true, want: dnsstate.Member{Addresses: at("192.0.2.5", "2001:db8::5"), Hostname: "lb.example"}},
		{name: "but not if it is not the only address", addresses: at("192.0.2.1"), hostnames: []string{"lb.example"}, named: true, want: dnsstate.Member{Addresses: at("192.0.2.1", "192.0.2.5", "2001:db8::5")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := view{member: "gondor", placed: yes, addresses: tt.addresses, hostnames: tt.hostnames, ready: yes}
			got := decide(dnsstate.Members{"gondor": tt.before}, []view{v}, known, tt.named)
			if diff := cmp.Diff(dnsstate.Members{"gondor": tt.want}, got, byValue); diff != "" {
				t.Errorf("decide (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnresolved(t *testing.T) {
	views := []view{
		{member: "gondor", placed: yes, hostnames: []string{"lb.example", "new.example"}}, {member: "rohan", placed: no, hostnames: []string{"new.example"}},
	}
	got := unresolved(views, func(hostname string) bool { return hostname == "new.example" })
	if diff := cmp.Diff([]string{"new.example of gondor"}, got); diff != "" {
		t.Errorf("unresolved (-want +got):\n%s", diff)
	}
}

// Whatever is seen: nobody backs who must not, everybody who may does, the answer is its own answer, and an instance that knows nothing yet gives
// the same.
func TestDecideProperties(t *testing.T) {
	for seed := range uint64(5000) {
		random := rand.New(rand.NewPCG(seed, 1))
		coin := func() bool { return random.IntN(2) == 0 }
		var views []view
		for _, name := range []string{"bree", "gondor", "rohan"}[:random.IntN(4)] {
			v := view{member: name, drained: coin(), away: coin(), placed: certainty(1 + random.IntN(2)), ready: certainty(1 + random.IntN(2))}
			if v.placed == yes && coin() {
				v.addresses = at("192.0.2.1")
			}
			views = append(views, v)
		}
		is := decide(nil, views, nobody, false)
		for _, v := range views {
			may := v.placed == yes && !v.drained && !v.away && len(v.addresses) > 0 && v.ready == yes
			if m := is[v.member]; m.Backs() != may || (m.Out == "") != may {
				t.Fatalf("seed %d: %+v is decided to be %+v", seed, v, m)
			}
		}
		if again := decide(is, views, nobody, false); !reflect.DeepEqual(is, again) {
			t.Fatalf("seed %d: %v becomes %v", seed, is, again)
		}
		for i := range views {
			views[i].placed, views[i].ready, views[i].addresses = unknown, unknown, nil
		}
		if restarted := decide(is, views, nobody, false); !reflect.DeepEqual(is, restarted) {
			t.Fatalf("seed %d: %v becomes %v when nothing is known", seed, is, restarted)
		}
	}
}
