package keeper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
	"github.com/fedhelm/fedhelm/pkg/dns/keeper"
)

func TestWhatOthersDoToOurNamesIsRepaired(t *testing.T) {
	web := service("web", "gondor", "rohan")
	name := global(web)
	region := naming.Name("default", "web", dns.Place{Region: "south"})
	for _, tt := range []struct {
		name   string
		meddle func(*world)
	}{
		{name: "a record is removed", meddle: func(w *world) { w.server.Remove(zone, name, dns.A) }},
		{name: "a record has another value", meddle: func(w *world) {
			w.server.Put(zone, dns.RecordSet{Name: name, Type: dns.A, TTL: 60, Values: []string{"203.0.113.66"}})
		}},
		{name: "a record has another TTL", meddle: func(w *world) {
			w.server.Put(zone, dns.RecordSet{Name: name, Type: dns.A, TTL: 86400, Values: []string{"192.0.2.6", "192.0.2.7"}})
		}},
		{name: "a type comes beside", meddle: func(w *world) {
			w.server.Put(zone, dns.RecordSet{Name: name, Type: dns.AAAA, TTL: 60, Values: []string{"2001:db8::66"}})
		}},
		{name: "addresses become a CNAME", meddle: func(w *world) {
			w.server.Remove(zone, region, dns.A)
			w.server.Put(zone, dns.RecordSet{Name: region, Type: dns.CNAME, TTL: 60, Values: []string{"elsewhere.example."}})
		}},
		{name: "the mark is removed", meddle: func(w *world) { w.server.Remove(zone, dns.MarkName(name), dns.TXT) }},
		{name: "the mark says another Service", meddle: func(w *world) { w.server.Put(zone, mark(name, service("other"))) }},
		{name: "the mark says no Service", meddle: func(w *world) {
			text := "heritage=fedhelm,federation=fellowship,uid=5f1c2a0e"
			w.server.Put(zone, dns.RecordSet{Name: dns.MarkName(name), Type: dns.TXT, TTL: 300, Values: []string{text}})
		}},
		{name: "all of a name is removed", meddle: func(w *world) {
			w.server.Remove(zone, name, dns.A)
			w.server.Remove(zone, dns.MarkName(name), dns.TXT)
		}},
		{name: "a mark is made for a name that nobody wants", meddle: func(w *world) {
			w.server.Put(zone, mark("stray.default.fellowship.svc.example.com.", web))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.want(web)
				w.settle()
				tt.meddle(w)
				time.Sleep(6 * time.Minute)
				w.has([]dns.Service{web})
				w.settled(web)
			})
		})
	}
}

func TestMeddlingIsRepairedByAnotherProcess(t *testing.T) {
	inWorld(t, func(w *world) {
		web := service("web", "gondor")
		w.want(web)
		w.settle()
		w.server.Remove(zone, global(web), dns.A)
		w.restart(web)
		w.settle()
		w.has([]dns.Service{web})
	})
}

// A mark that says a Service which does not want the name is mended; the name is not removed for a moment.
func TestMarkThatSaysAnotherServiceRemovesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		first, web := service("a-first", "gondor"), service("web", "gondor")
		w.want(first, web)
		w.settle()
		w.server.Put(zone, mark(global(web), first))
		w.server.Fail(inmemory.Faults{Change: func(c dns.Change) error {
			if c.After == nil {
				t.Errorf("%s %s is removed", c.Before.Name, c.Before.Type)
			}
			return nil
		}})
		time.Sleep(6 * time.Minute)
		w.has([]dns.Service{first, web})
	})
}

func TestMarkIsPutBackByAProcessThatSawIt(t *testing.T) {
	inWorld(t, func(w *world) {
		web := service("web", "gondor")
		w.want(web)
		w.settle()
		w.restart(web)
		w.settle()
		w.server.Remove(zone, dns.MarkName(global(web)), dns.TXT)
		time.Sleep(6 * time.Minute)
		w.has([]dns.Service{web})
	})
}

// A change that meets what somebody else changed since the listing is stale: the zone is listed at once, and both are put right.
func TestChangeOfWhatOthersChanged(t *testing.T) {
	inWorld(t, func(w *world) {
		web, other := service("web", "gondor"), service("other", "gondor")
		w.want(web)
		w.settle()
		w.server.Put(zone, dns.RecordSet{Name: global(web), Type: dns.A, TTL: 60, Values: []string{"203.0.113.66"}})
		web = service("web", "rohan")
		w.want(web, other)
		w.settle()
		w.has([]dns.Service{web, other})
		w.settled(web)
		w.reason("Synced", "")
	})
}

func TestForeignNamesAreLeftAlone(t *testing.T) {
	web, other := service("web", "gondor"), service("other", "gondor")
	name := global(web)
	for _, tt := range []struct {
		name    string
		foreign []dns.RecordSet
		message string
	}{
		{name: "records without a mark", message: "did not make", foreign: []dns.RecordSet{{Name: name, Type: dns.A, TTL: 5, Values: []string{"203.0.113.66"}}}},
		{name: "the very records that are wanted, made by nobody knows whom", message: "did not make",
			foreign: []dns.RecordSet{{Name: name, Type: dns.A, TTL: 60, Values: []string{"192.0.2.6"}}}},
		{name: "another federation's mark", message: `federation "mordor"`, foreign: []dns.RecordSet{
			{Name: name, Type: dns.A, TTL: 5, Values: []string{"203.0.113.66"}},
			{Name: dns.MarkName(name), Type: dns.TXT, TTL: 300, Values: []string{"heritage=fedhelm,federation=mordor,uid=1,service=default/web"}}}},
		{name: "an earlier federation of the same name", message: `adoptUIDs=["1"]`, foreign: []dns.RecordSet{
			{Name: dns.MarkName(name), Type: dns.TXT, TTL: 300, Values: []string{"heritage=fedhelm,federation=fellowship,uid=1,service=default/web"}}}},
		{name: "a text where the mark would be", message: "no room", foreign: []dns.RecordSet{{Name: dns.MarkName(name), Type: dns.TXT, TTL: 5, Values: []string{"x"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				t := w.t
				for _, set := range tt.foreign {
					w.server.Put(zone, set)
				}
				w.restart()
				w.want(web, other)
				w.settle()
				for _, set := range tt.foreign {
					if got, ok := w.find(set.Name, set.Type); !ok || got.TTL != set.TTL || got.Values[0] != set.Values[0] {
						t.Errorf("%s %s is %v now, was %v", set.Name, set.Type, got, set)
					}
				}
				status := w.keeper.Service(web.ID())
				if len(status.Conflicts) != 1 || !strings.Contains(status.Conflicts[0].Message, tt.message) || status.Conflicts[0].Name != name {
					t.Errorf("conflicts = %v, want one at %s with %q", status.Conflicts, name, tt.message)
				}
				w.settled(other)

				for _, set := range tt.foreign {
					w.server.Remove(zone, set.Name, set.Type)
				}
				time.Sleep(6 * time.Minute)
				w.has([]dns.Service{web, other})
				w.settled(web)
			})
		})
	}
}

// A text of somebody else's beside a mark holds up no change of records; when the name goes, mark and text stay, and whoever removes it is told.
func TestTextsBesideMarksAreLeftAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		web := service("web", "gondor")
		w.want(web)
		w.settle()
		shared := mark(global(web), web)
		shared.Values = append(shared.Values, "the text of somebody else")
		w.server.Put(zone, shared)
		time.Sleep(6 * time.Minute)
		web = service("web", "gondor", "rohan")
		w.want(web)
		w.settle()
		w.settled(web)
		if set, _ := w.find(global(web), dns.A); len(set.Values) != 2 {
			t.Errorf("the name leads to %v, want two members", set.Values)
		}
		w.keeper.Want(web.ID(), nil)
		w.settle()
		w.has(nil, shared)
		w.stop()
		if _, err := keeper.Purge(t.Context(), w.server, zone, owner); err == nil || !strings.Contains(err.Error(), shared.Name) {
			t.Errorf("Purge = %v, want an error that names %s", err, shared.Name)
		}
		w.has(nil, shared)
		w.server.Put(zone, mark(global(web), web))
		if removed, err := keeper.Purge(t.Context(), w.server, zone, owner); err != nil || removed != 1 {
			t.Errorf("Purge = %d, %v once the text has gone, want 1", removed, err)
		}
		w.has(nil)
	})
}

func TestNamesOfAnEarlierFederationAreAdopted(t *testing.T) {
	inWorld(t, func(w *world) {
		web, gone := service("web", "gondor"), service("gone", "gondor")
		w.want(web, gone)
		w.settle()
		w.options.Owner = dns.Owner{Federation: "fellowship", UID: "new", Adopt: []string{owner.UID}}
		w.restart(web)
		w.settle()
		w.settled(web)
		w.options.Owner = owner
		if set, _ := w.find(dns.MarkName(global(web)), dns.TXT); !strings.Contains(set.Values[0], "uid=new") {
			w.t.Errorf("the mark is %v, want it to say the new UID", set)
		}
		if set, ok := w.find(global(gone), dns.A); ok {
			w.t.Errorf("%v is left of a Service that there is no more", set)
		}
	})
}
