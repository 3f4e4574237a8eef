package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/ci/bench/internal/stubs"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// fleetOf is a federation with members that are not there.
func fleetOf(members int) *named {
	n := &named{}
	for i, p := range placesOf(members) {
		n.places = append(n.places, dns.Member{Name: string(rune('a' + i)), Region: p.Region, Zones: []string{p.Zone}})
	}
	return n
}

var web = []types.NamespacedName{{Namespace: "shop", Name: "web"}}

func TestChooseAPartOfDNS(t *testing.T) {
	for part, want := range map[string][]string{"": dnsParts, "flip": {"flip"}, "speed": nil} {
		var b dnsBench
		if err := b.choose(part); (err == nil) != (want != nil) || !slices.Equal(b.parts, want) {
			t.Errorf("choose(%q) chooses %v, %v, want %v", part, b.parts, err, want)
		}
	}
}

func TestEveryLevelOfNamesIsThere(t *testing.T) {
	levels := map[dns.Level]int{}
	wanted := fleetOf(10).wanted(web)
	for _, w := range wanted {
		levels[w.Level]++
	}
	if diff := cmp.Diff(map[dns.Level]int{dns.LevelZone: 10, dns.LevelRegion: 5, dns.LevelGlobal: 1}, levels); diff != "" {
		t.Errorf("names by level (-want +got):\n%s", diff)
	}
	if n := keysOf(wanted); n != 10+5*2+10+16 {
		t.Errorf("they have %d keys", n)
	}
}

func TestAMemberThatIsAwayChangesItsOwnNames(t *testing.T) {
	n := fleetOf(4)
	var names []string
	for _, w := range differing(n.wanted(web), n.wanted(web, 2)) {
		names = append(names, w.Name)
	}
	want := []string{
		"web.shop.bench.svc.bench.test.",
		"web.shop.bench.svc.region-2-a.region-2.bench.test.",
		"web.shop.bench.svc.region-2.bench.test.",
	}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(names))); diff != "" {
		t.Errorf("names that change (-want +got):\n%s", diff)
	}
}

func TestRightAnswers(t *testing.T) {
	a := dns.Wanted{Sets: []dns.RecordSet{{Type: dns.A, Values: []string{"10.0.0.9", "10.0.0.10"}}}}
	alias := dns.Wanted{Sets: []dns.RecordSet{{Type: dns.CNAME, Values: []string{"wide."}}}}
	tests := []struct {
		name      string
		wanted    dns.Wanted
		addresses []string
		alias     string
		right     bool
	}{
		{"all addresses, as text is sorted", a, []string{"10.0.0.10", "10.0.0.9"}, "", true},
		{"one is missing", a, []string{"10.0.0.9"}, "", false},
		{"the alias is there still", a, []string{"10.0.0.10", "10.0.0.9"}, "wide.", false},
		{"an alias that leads somewhere", alias, []string{"10.0.0.1"}, "wide.", true},
		{"an alias that leads nowhere", alias, nil, "wide.", false},
		{"another alias", alias, []string{"10.0.0.1"}, "wider.", false},
		{"nothing is wanted, and there", dns.Wanted{}, nil, "", true},
		{"nothing is wanted", dns.Wanted{}, []string{"10.0.0.1"}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if right(tt.wanted, tt.addresses, tt.alias) != tt.right {
				t.Errorf("right: %t", !tt.right)
			}
		})
	}
}

func TestFlipsAreOfDifferentServicesAndMembers(t *testing.T) {
	_, names := servicesOf("shop", 30)
	seen, members := map[flipped]bool{}, map[int]bool{}
	for _, f := range flipsOf(names, 10, 30) {
		seen[f], members[f.member] = true, true
	}
	if len(seen) != 30 || len(members) != 10 {
		t.Errorf("30 flips are of %d endpoints in %d members", len(seen), len(members))
	}
	for _, services := range []int{1, 6, 7, 14} {
		again := map[flipped]bool{}
		for _, f := range flipsOf(names[:services], 10, services*10) {
			again[f] = true
		}
		if len(again) != services*10 {
			t.Errorf("with %d Services, %d flips at once are of %d endpoints", services, services*10, len(again))
		}
	}
}

func TestTheFloorWritesWhatANamespaceHas(t *testing.T) {
	var all []*mvccpb.KeyValue
	for _, key := range []string{"/skydns/test/bench/svc/bench/shop-1/web/a", "/skydns/test/bench/svc/bench/shop-10/web/b", "/skydns/test/bench/svc/bench/shop-1/web/c"} {
		all = append(all, &mvccpb.KeyValue{Key: []byte(key), Value: []byte("v")})
	}
	transactions := floorOps(all, "shop-1")
	var keys []string
	for _, op := range transactions[0] {
		keys = append(keys, string(op.KeyBytes()))
	}
	if want := []string{"/floors/test/bench/svc/bench/shop-1/web/a", "/floors/test/bench/svc/bench/shop-1/web/c"}; len(transactions) != 1 || !slices.Equal(keys, want) {
		t.Errorf("%d transactions, the first with %v, want %v", len(transactions), keys, want)
	}
	for range 300 {
		all = append(all, all[0])
	}
	if n := len(floorOps(all, "shop-1")); n != 3 {
		t.Errorf("302 keys are written in %d transactions, want 3", n)
	}
}

func TestCopiesCountOnce(t *testing.T) {
	c := copies{there: map[string]bool{}}
	service, o := kinds.Kind{Kind: "Service"}, fakeapi.Object{Namespace: "shop", Name: "web"}
	c.saw(0, kinds.Kind{Kind: "Secret"}, o)
	if !c.lastNew().IsZero() {
		t.Error("a Secret counts")
	}
	c.saw(0, service, o)
	first := c.lastNew()
	c.saw(0, service, o)
	if first.IsZero() || c.lastNew() != first {
		t.Errorf("the copy came at %s, and again at %s", first, c.lastNew())
	}
	if c.saw(1, service, o); !c.lastNew().After(first) {
		t.Error("that of another member does not count")
	}
}

func TestReportOfDNS(t *testing.T) {
	r := dnsResults{
		Machine: "a machine", Members: 10,
		Created: []createRun{{
			Services: 100, Names: 1600, Keys: 4600, Accepted: .5, Copied: .75, Written: 1.25, Answered: 2, Floor: .125, FloorTxn: 36,
			spent: spent{Calls: calls{Writes: 40, Failed: 1}, Puts: 4700, CPU: 3},
		}},
		Flips:   &flipRun{Services: 1000, Flips: 200, Rate: 5, P50: .07, P99: .2, Max: .25, FloorP50: .001, FloorP99: .003, Share: 7, spent: spent{Calls: calls{Writes: 200}, Puts: 800}},
		Away:    []awayRun{{What: "drained", Services: 1000, Names: 3000, Written: 1.5, Answered: 3, spent: spent{Calls: calls{Writes: 120}, Puts: 4000}}},
		Restart: &dnsRestartRun{Services: 1000, Keys: 46000, Rest: 5, Peak: 99, spent: spent{Calls: calls{Reads: 46}, CPU: 4}},
		Rebuilt: &rebuildRun{
			Services: 1000, Names: 16000, Keys: 46000, Written: 3, Answered: 9, Floor: .5, FloorTxn: 360,
			spent: spent{Calls: calls{Writes: 370}, Puts: 46000, CPU: 4},
		},
	}
	var out strings.Builder
	if err := writeDNS(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured with a machine.",
		"| 100 × 10 | 1600 | 4600 | 0.50 | 0.75 | 1.25 | 2.00 | 0.12 | 40 | 36 | 1 | 4700 | 3.0 |",
		"| 200 | 0.070 | 0.200 | 0.250 | 0.001 | 0.003 | 200 | 800 | 7 |",
		"| drained | 1000 | 3000 | 1.50 | 3.00 | 120 | 4000 |",
		"| 1000 | 46000 | 0 | 0 | 46 | 5.0 | 4.0 | 99 |",
		"| 1000 | 16000 | 46000 | 3.00 | 9.00 | 0.50 | 370 | 360 | 46000 | 4.0 |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks\n%s\nin\n%s", want, out.String())
		}
	}
	if n := len(dnsCharts(r)); n != 2 {
		t.Errorf("there are %d charts, want 2", n)
	}
	if n := len(dnsCharts(dnsResults{})); n != 0 {
		t.Errorf("of nothing there are %d charts", n)
	}
}

func TestAddressesLeadToTheirMembers(t *testing.T) {
	n := fleetOf(2)
	for _, w := range n.wanted(web, 0) {
		if w.Level == dns.LevelGlobal {
			if want := stubs.Address(1, "shop", "web").String(); !slices.Equal(w.Sets[0].Values, []string{want}) {
				t.Errorf("the global name leads to %v, want %s", w.Sets[0].Values, want)
			}
			return
		}
	}
	t.Error("there is no global name")
}
