package route53_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
)

func TestZonesOfOneNameHaveTheirOwnIDs(t *testing.T) {
	server, p, zone := started(t)
	private := dns.Zone{ID: server.AddZone("example.com.", true), Name: "example.com.", Private: true}
	zones, err := p.Zones(t.Context())
	if want := []dns.Zone{zone, private}; err != nil || !slices.Equal(zones, want) {
		t.Errorf("Zones() = %v, %v, want %v", zones, err, want)
	}
}

func TestZonesAreListedInPages(t *testing.T) {
	server, p, _ := started(t)
	for i := range 250 {
		server.AddZone(fmt.Sprintf("zone-%d.example.net.", i), false)
	}
	zones, err := p.Zones(t.Context())
	if err != nil || len(zones) != 251 {
		t.Errorf("Zones() = %d zones, %v, want 251", len(zones), err)
	}
	if calls := server.Calls("ListHostedZones"); calls != 3 {
		t.Errorf("%d calls for 251 zones, want 3", calls)
	}
}

func TestCreateZoneAgainMakesNoSecond(t *testing.T) {
	_, p, _ := started(t)
	first, err := p.CreateZone(t.Context(), "fed.example.org.")
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.CreateZone(t.Context(), "fed.example.org.") // as after an answer that was lost
	if err != nil || again != first {
		t.Errorf("CreateZone again = %v, %v, want %v", again, err, first)
	}
	if zones, err := p.Zones(t.Context()); err != nil || len(zones) != 2 {
		t.Errorf("Zones() = %v, %v, want two", zones, err)
	}
}

func TestZoneIDsAreTakenAsOtherToolsGiveThem(t *testing.T) {
	_, p, zone := started(t)
	zone.ID = "/hostedzone/" + zone.ID
	if err := p.Apply(t.Context(), zone, []dns.Unit{dnstest.Address("web.example.com.", "192.0.2.1")}); err != nil {
		t.Fatal(err)
	}
	if sets, err := p.Records(t.Context(), zone, "web.example.com."); err != nil || len(sets) != 1 {
		t.Errorf("Records = %v, %v, want one", sets, err)
	}
}

func TestNewRefusesKeysThatLackAPart(t *testing.T) {
	for name, o := range map[string]route53.Options{
		"no id":            {SecretAccessKey: "s3cret"},
		"no secret":        {AccessKeyID: "s3cret"},
		"the session only": {SessionToken: "s3cret"},
	} {
		if _, err := route53.New(t.Context(), o); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: New = %v, want an error without values", name, err)
		}
	}
}
