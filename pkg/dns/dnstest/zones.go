package dnstest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

func testZones(t *testing.T, h Harness) {
	zones, err := h.Provider.Zones(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(zones, h.Zone) {
		t.Errorf("Zones() = %v, want %v among them", zones, h.Zone)
	}
	t.Run("a zone that is made is listed, and takes records", func(t *testing.T) {
		made, err := h.Provider.CreateZone(t.Context(), "made.example.net.")
		if h.FixedZones {
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("CreateZone = %v, %v; want errors.ErrUnsupported", made, err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		zones, err := h.Provider.Zones(t.Context())
		if err != nil || !slices.Contains(zones, made) {
			t.Fatalf("Zones() = %v, %v, want %v among them", zones, err, made)
		}
		h := h
		h.Zone = made
		web := set(h.name("web"), dns.A, 60, "192.0.2.1")
		h.apply(t, unit(web.Name, nil, []dns.RecordSet{web}))
		h.has(t, web.Name, web)
	})
	t.Run("nothing to do needs no call", func(t *testing.T) {
		before := h.Calls()
		h.apply(t)
		if calls := h.Calls() - before; calls != 0 {
			t.Errorf("Apply of no units made %d calls", calls)
		}
	})
	t.Run("a context that has ended ends a call", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		web := set(h.name("ended"), dns.A, 60, "192.0.2.1")
		if err := h.Provider.Apply(ctx, h.Zone, []dns.Unit{unit(web.Name, nil, []dns.RecordSet{web})}); !errors.Is(err, context.Canceled) {
			t.Errorf("Apply = %v, want %v", err, context.Canceled)
		}
		if _, err := h.Provider.Records(ctx, h.Zone, h.Zone.Name); !errors.Is(err, context.Canceled) {
			t.Errorf("Records = %v, want %v", err, context.Canceled)
		}
		h.has(t, web.Name)
	})
	t.Run("a zone that is not there has no records", func(t *testing.T) {
		nowhere := dns.Zone{ID: "999999999", Name: "nowhere.example.net."}
		if sets, err := h.Provider.Records(t.Context(), nowhere, nowhere.Name); err == nil && len(sets) > 0 {
			t.Errorf("Records of a zone that is not there = %v", sets)
		}
	})
}
