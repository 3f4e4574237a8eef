package dns_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

func TestLabel(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{name: "a label stays", in: "us-east1-b", want: "us-east1-b"},
		{name: "capitals become small", in: "Europe-West", want: "europe-west"},
		{name: "what no label may have becomes a hyphen", in: "a_b.c d", want: "a-b-c-d"},
		{name: "each rune becomes one hyphen", in: "zürich", want: "z-rich"},
		{name: "hyphens at the ends go", in: "_-.eu.-_", want: "eu"},
		{name: "nothing may be left", in: "___", want: ""},
		{name: "63 octets are left", in: strings.Repeat("a", 70), want: strings.Repeat("a", 63)},
		{name: "no hyphen is left at the end where it is cut", in: strings.Repeat("a", 62) + "-b", want: strings.Repeat("a", 62)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := dns.Label(tt.in); got != tt.want {
				t.Errorf("Label(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestNamesAreParsedAsTheyAreMade(t *testing.T) {
	naming := dns.Naming{Federation: "fellowship", Suffix: "dns.Example.com"}
	for _, tt := range []struct {
		at    dns.Place
		want  string
		level dns.Level
	}{
		{want: "web.default.fellowship.svc.dns.example.com.", level: dns.LevelGlobal},
		{at: dns.Place{Region: "south"}, want: "web.default.fellowship.svc.south.dns.example.com.", level: dns.LevelRegion},
		{at: dns.Place{Region: "south", Zone: "south-1"}, want: "web.default.fellowship.svc.south-1.south.dns.example.com.", level: dns.LevelZone},
	} {
		got := naming.Name("default", "web", tt.at)
		if got != tt.want || tt.at.Level() != tt.level {
			t.Errorf("Name(%v) = %q, level %s, want %q, %s", tt.at, got, tt.at.Level(), tt.want, tt.level)
		}
		for _, asked := range []string{got, strings.TrimSuffix(got, "."), strings.ToUpper(got)} {
			namespace, service, at, ok := naming.Parse(asked)
			if !ok || namespace != "default" || service != "web" || at != tt.at {
				t.Errorf("Parse(%q) = %q, %q, %v, %t", asked, namespace, service, at, ok)
			}
		}
	}
	for _, other := range []string{
		"", ".", "dns.example.com.", "web.default.mordor.svc.dns.example.com.", "web.default.fellowship.pod.dns.example.com.", "default.fellowship.svc.dns.example.com.",
		"a.b.web.default.fellowship.svc.dns.example.com.", "web..fellowship.svc.dns.example.com.", "web.default.fellowship.svc.a.b.c.dns.example.com.", "web.default.fellowship.svc.example.com.",
	} {
		if _, _, _, ok := naming.Parse(other); ok {
			t.Errorf("Parse(%q) takes it for a name of the federation", other)
		}
	}
}

func TestPlacesOfAMember(t *testing.T) {
	for _, tt := range []struct {
		name   string
		member dns.Member
		want   []dns.Place
	}{
		{name: "without a region it has the global one alone", member: dns.Member{Zones: []string{"a"}}, want: []dns.Place{{}}},
		{name: "a region that becomes empty is none", member: dns.Member{Region: "_", Zones: []string{"a"}}, want: []dns.Place{{}}},
		{name: "a region without zones", member: dns.Member{Region: "South"}, want: []dns.Place{{}, {Region: "south"}}},
		{name: "each zone is one", member: dns.Member{Region: "south", Zones: []string{"a", "b"}}, want: []dns.Place{{}, {Region: "south"}, {Region: "south", Zone: "a"}, {Region: "south", Zone: "b"}}},
		{name: "zones that become the same are one, and empty ones none", member: dns.Member{Region: "south", Zones: []string{"A", "a", ".", "A."}}, want: []dns.Place{{}, {Region: "south"}, {Region: "south", Zone: "a"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.member.Places()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarks(t *testing.T) {
	mark := dns.Mark{Federation: "fellowship", UID: "5f1c", Service: "default/web"}
	if want := "heritage=fedhelm,federation=fellowship,uid=5f1c,service=default/web"; mark.Text() != want {
		t.Errorf("Text = %q, want %q", mark.Text(), want)
	}
	for text, want := range map[string]bool{
		mark.Text():                true,
		mark.Text() + ",later=yes": true,
		"":                         false, "heritage=fedhelm": false, "heritage=fedhelm,federation=f": false, "heritage=fedhelm,uid=u": false,
		"heritage=external-dns,federation=f,uid=u": false, " " + mark.Text(): false, "v=spf1 -all": false,
	} {
		if _, ok := dns.ParseMark(text); ok != want {
			t.Errorf("ParseMark(%q) is a mark: %t, want %t", text, ok, want)
		}
	}
	for _, tt := range []struct {
		name  string
		owner dns.Owner
		want  bool
	}{
		{name: "its own", owner: dns.Owner{Federation: "fellowship", UID: "5f1c"}, want: true},
		{name: "another federation's", owner: dns.Owner{Federation: "mordor", UID: "5f1c"}},
		{name: "that of an earlier one of the same name", owner: dns.Owner{Federation: "fellowship", UID: "new"}},
		{name: "that of one that is adopted", owner: dns.Owner{Federation: "fellowship", UID: "new", Adopt: []string{"x", "5f1c"}}, want: true},
		{name: "that of another name is not adopted", owner: dns.Owner{Federation: "mordor", UID: "new", Adopt: []string{"5f1c"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.owner.Owns(mark); got != tt.want {
				t.Errorf("Owns = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestSelectZone(t *testing.T) {
	zones := []dns.Zone{
		{ID: "1", Name: "example.com."}, {ID: "2", Name: "example.org."}, {ID: "3", Name: "example.org."},
		{ID: "4", Name: "example.edu."}, {ID: "5", Name: "example.edu.", Private: true},
	}
	for _, tt := range []struct {
		name     string
		provider string
		zone, id string
		want     string // id
		err      error
		message  string
	}{
		{name: "by name", zone: "example.com.", want: "1"},
		{name: "a dot at the end makes no difference", zone: "example.com", want: "1"},
		{name: "nor do capitals", zone: "Example.COM", want: "1"},
		{name: "by id", id: "3", want: "3"},
		{name: "by id, where the name is ambiguous", zone: "example.org", id: "2", want: "2"},
		{name: "none of that name", zone: "example.net", err: dns.ErrNoZone, message: "controlPlane.controllerManager.dns.createZone=true"},
		{name: "none of that name in CoreDNS, where none can be made", provider: "coredns", zone: "example.net", err: dns.ErrNoZone, message: "no such zone: name it in CoreDNS' Corefile and in zones"},
		{name: "nor by updates", provider: "rfc2136", zone: "example.net", err: dns.ErrNoZone, message: "no such zone: make it in the server's configuration"},
		{name: "by id, as tools print it", id: "/hostedzone/3", want: "3"},
		{name: "a parent is another zone", zone: "com", err: dns.ErrNoZone},
		{name: "none of that id", id: "9", err: dns.ErrNoZone, message: "example.com. (id 1, public)"},
		{name: "several of that name", zone: "example.org", err: dns.ErrAmbiguousZone, message: "upgrade --dns-zone-id=ID, or the chart's value zoneID of the zone: example.org. (id 2), example.org. (id 3)"},
		{name: "one of that name is private", zone: "example.edu", err: dns.ErrAmbiguousZone, message: "example.edu. (id 4, public), example.edu. (id 5, private)"},
		{name: "the one with that id is called otherwise", zone: "example.com", id: "2", err: dns.ErrNoZone, message: `is "example.org."`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dns.SelectZone(tt.provider, zones, tt.zone, tt.id)
			if got.ID != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("SelectZone = %v, %v, want id %q, error %v", got, err, tt.want, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.message) {
				t.Errorf("error %q does not say %q", err, tt.message)
			}
		})
	}
}
