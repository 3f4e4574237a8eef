package googleclouddns_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
)

func TestZonesOfOneNameHaveTheirOwnIDs(t *testing.T) {
	server, p := started(t)
	server.AddZone(fakeserver.Zone{Name: "inside", DNSName: example.Name, Visibility: "private"})
	server.AddZone(fakeserver.Zone{Name: "elsewhere", DNSName: example.Name, Visibility: "private", ForwardingConfig: map[string]any{"targetNameServers": []map[string]string{{"ipv4Address": "192.0.2.1"}}}})
	zones, err := p.Zones(t.Context())
	if want := []dns.Zone{example, {ID: "inside", Name: example.Name, Private: true}}; err != nil || !slices.Equal(zones, want) {
		t.Errorf("Zones() = %v, %v, want %v: what only forwards holds no records", zones, err, want)
	}
}

func TestZonesAreListedInPages(t *testing.T) {
	server, p := started(t)
	for i := range 250 {
		server.AddZone(fakeserver.Zone{Name: fmt.Sprintf("zone-%d", i), DNSName: fmt.Sprintf("zone-%d.example.net.", i)})
	}
	zones, err := p.Zones(t.Context())
	if err != nil || len(zones) != 251 {
		t.Errorf("Zones() = %d zones, %v, want 251", len(zones), err)
	}
	if calls := server.Calls("managedZones.list"); calls != 3 {
		t.Errorf("%d calls for 251 zones, want 3", calls)
	}
}

func TestCreateZone(t *testing.T) {
	valid := regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	for _, tt := range []struct {
		name, zone string
		there      []fakeserver.Zone
		want       string // the id; "": any
	}{
		{name: "it is called like its name", zone: "fed.example.org.", want: "fed-example-org"},
		{name: "it begins with a letter", zone: "4.example.org.", want: "zone-4-example-org"},
		{name: "a long name is cut", zone: strings.Repeat("abcdefgh.", 20), want: "abcdefgh-abcdefgh-abcdefgh-abcdefgh-abcdefgh-abcdefgh-abcdefgh"},
		{name: "one that somebody made meanwhile is it", zone: "fed.example.org.", there: []fakeserver.Zone{{Name: "fed-example-org", DNSName: "fed.example.org."}}, want: "fed-example-org"},
		{name: "another one that is called so is not", zone: "fed.example.org.", there: []fakeserver.Zone{{Name: "fed-example-org", DNSName: "fed-example.org."}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, p := started(t)
			for _, z := range tt.there {
				server.AddZone(z)
			}
			zone, err := p.CreateZone(t.Context(), tt.zone)
			if err != nil || zone.Name != tt.zone || !valid.MatchString(zone.ID) || tt.want != "" && zone.ID != tt.want {
				t.Fatalf("CreateZone(%q) = %+v, %v, want id %q", tt.zone, zone, err, tt.want)
			}
			if tt.want == "" && zone.ID == tt.there[0].Name {
				t.Errorf("the zone has the id of another, %q", zone.ID)
			}
			if zones, err := p.Zones(t.Context()); err != nil || !slices.Contains(zones, zone) {
				t.Errorf("Zones() = %v, %v, want %v among them", zones, err, zone)
			}
		})
	}
}

func TestNewRefusesOptionsThatCannotWork(t *testing.T) {
	for name, o := range map[string]googleclouddns.Options{
		"credentials twice":      {CredentialsFile: "x", CredentialsJSON: []byte(`{"type":"service_account"}`)},
		"credentials of no kind": {CredentialsJSON: []byte(`{"type":"s3cret"}`)},
		"a key that lacks parts": {CredentialsJSON: []byte(`{"type":"service_account","private_key":"s3cret"}`)},
		"no JSON":                {CredentialsJSON: []byte(`s3cret`)},
		"a body without a URL":   {TokenBody: "s3cret"},
		"a URL that is none":     {TokenURL: "s3cret"},
	} {
		_, err := googleclouddns.New(t.Context(), o)
		if err == nil {
			t.Errorf("%s: New accepts it", name)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows a value: %v", name, err)
		}
	}
}
