//go:build integration

package rfc2136

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

func TestIntegrationRefusals(t *testing.T) {
	server := startBIND(t)
	elsewhere := dns.Zone{ID: "example.net.", Name: "example.net."}
	tests := []struct {
		name   string
		change func(*Options)
		zone   dns.Zone
		reads  bool   // may transfer the zone all the same
		want   error  // of Apply, and of Records unless it reads
		says   string // in the error
	}{
		{name: "another secret", change: func(o *Options) { o.TSIGSecret = otherSecret }, want: dns.ErrDenied, says: "the secret of key"},
		{name: "a key that is not known", change: func(o *Options) { o.TSIGName = "nobody." }, want: dns.ErrDenied, says: `does not know key "nobody."`},
		{name: "another algorithm", change: func(o *Options) { o.TSIGAlgorithm = "hmac-sha512" }, want: dns.ErrDenied, says: "with that algorithm"},
		{name: "no key", change: func(o *Options) { o.TSIGName = "" }, want: dns.ErrDenied, says: "set tsig-name"},
		{name: "a key that may only read", change: func(o *Options) { o.TSIGName, o.TSIGSecret = "reader.", otherSecret }, reads: true, want: dns.ErrDenied, says: `let key "reader."`},
		{name: "a zone that is not there", zone: elsewhere, want: dns.ErrNoZone, says: "example.net."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, zone := newProvider(t, server), zone
			if tt.change != nil {
				p = newProvider(t, server, tt.change)
			}
			if tt.zone.Name != "" {
				zone = tt.zone
			}
			set := dns.RecordSet{Name: "web." + zone.Name, Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
			applied := p.Apply(t.Context(), zone, []dns.Unit{{Name: set.Name, Changes: []dns.Change{{After: &set}}}})
			_, listed := p.Records(t.Context(), zone, zone.Name)
			for call, err := range map[string]error{"Apply": applied, "Records": listed} {
				switch {
				case call == "Records" && tt.reads:
					if err != nil {
						t.Errorf("Records: %v", err)
					}
				case !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says):
					t.Errorf("%s = %v, want %v and %q in it", call, err, tt.want, tt.says)
				case strings.Contains(err.Error(), secret), strings.Contains(err.Error(), otherSecret):
					t.Errorf("%s = %v: it shows a secret", call, err)
				}
			}
		})
	}
}

func TestIntegrationZones(t *testing.T) {
	server := startBIND(t)
	zones, err := newProvider(t, server, func(o *Options) { o.Zones = []string{"Example.com", "example.net.", "sub.example.com."} }).Zones(t.Context())
	if err != nil || len(zones) != 1 || zones[0] != zone {
		t.Errorf("Zones() = %v, %v; want the one that the server has", zones, err)
	}
	if _, err := newProvider(t, server, func(o *Options) { o.TSIGSecret = otherSecret }).Zones(t.Context()); !errors.Is(err, dns.ErrDenied) {
		t.Errorf("with another secret, Zones() = %v, want ErrDenied", err)
	}
}

// TestIntegrationFewStale has three stale units among many: a message is made wholly or not at all.
func TestIntegrationFewStale(t *testing.T) {
	server := startBIND(t)
	var updates atomic.Int64
	p := newProvider(t, server, func(o *Options) {
		o.Observe = func(call string, _ error) {
			if call == "UPDATE" {
				updates.Add(1)
			}
		}
	})
	const all = 1000
	var units []dns.Unit
	stale := map[string]bool{}
	for i := range all {
		set := dns.RecordSet{Name: fmt.Sprintf("web-%d.example.com.", i), Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
		change := dns.Change{After: &set}
		if i%400 == 7 {
			change.Before, stale[set.Name] = &dns.RecordSet{Name: set.Name, Type: dns.A, TTL: 60, Values: []string{"192.0.2.9"}}, true
		}
		units = append(units, dns.Unit{Name: set.Name, Changes: []dns.Change{change}})
	}
	err := p.Apply(t.Context(), zone, units)
	var failed *dns.UnitErrors
	if !errors.As(err, &failed) || len(failed.Failed) != len(stale) {
		t.Fatalf("Apply = %v, want %d units to fail", err, len(stale))
	}
	for name := range stale {
		if !errors.Is(failed.Failed[name], dns.ErrStale) {
			t.Errorf("%s: %v, want ErrStale", name, failed.Failed[name])
		}
	}
	listed, err := p.Records(t.Context(), zone, zoneName)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, set := range listed {
		if strings.HasPrefix(set.Name, "web-") {
			made++
		}
	}
	if made != all-len(stale) {
		t.Errorf("%d names were made, want %d", made, all-len(stale))
	}
	if n := updates.Load(); n > 70 {
		t.Errorf("%d update messages for three stale units among %d, want at most 70", n, all)
	} else {
		t.Logf("%d units, three of them stale: %d update messages", all, n)
	}
}

// TestIntegrationInTheWay has records at a name that a CNAME is wanted at, which a server would pass over in silence.
func TestIntegrationInTheWay(t *testing.T) {
	server := startBIND(t)
	p := newProvider(t, server)
	apply := func(c ...dns.Change) error {
		return p.Apply(t.Context(), zone, []dns.Unit{{Name: "web.example.com.", Changes: c}})
	}
	a := &dns.RecordSet{Name: "web.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
	cname := &dns.RecordSet{Name: "web.example.com.", Type: dns.CNAME, TTL: 60, Values: []string{"www.example.com."}}
	if err := apply(dns.Change{After: a}); err != nil {
		t.Fatal(err)
	}
	if err := apply(dns.Change{After: cname}); !errors.Is(err, dns.ErrStale) {
		t.Errorf("a CNAME beside an address: %v, want ErrStale", err)
	}
	if err := apply(dns.Change{After: cname}, dns.Change{Before: a}); err != nil {
		t.Errorf("a CNAME in the place of an address: %v", err)
	}
	if err := apply(dns.Change{After: a}); !errors.Is(err, dns.ErrStale) {
		t.Errorf("an address beside a CNAME: %v, want ErrStale", err)
	}
	listed, err := p.Records(t.Context(), zone, "web.example.com.")
	if err != nil || len(listed) != 1 || listed[0].Type != dns.CNAME {
		t.Errorf("at the name are %v, %v; want the CNAME", listed, err)
	}
}
