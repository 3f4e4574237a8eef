package dns_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// The member's resolver does the same by this expression, without the limit, which values of labels keep.
var resolver = regexp.MustCompile("[^a-z0-9-]")

func FuzzLabel(f *testing.F) {
	for _, s := range []string{"", "us-east1-b", "Europe West", "-.-", "zürich", "\xff\xfe", "İstanbul", strings.Repeat("-a", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := dns.Label(s)
		if got != "" && !label.MatchString(got) {
			t.Errorf("Label(%q) = %q, which is no label", s, got)
		}
		if again := dns.Label(got); again != got {
			t.Errorf("Label(%q) = %q, and of that it makes %q", s, got, again)
		}
		if theirs := strings.Trim(resolver.ReplaceAllString(strings.ToLower(s), "-"), "-"); len(theirs) <= 63 && theirs != got {
			t.Errorf("Label(%q) = %q, members' resolvers make %q of it", s, got, theirs)
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("ns", "web", "fellowship", "example.com.", "south", "south-1")
	f.Add("", "a.b", "F", ".", "..", strings.Repeat("z", 300))
	f.Add("svc", "svc", "svc", "svc.svc", "svc", "svc")
	f.Fuzz(func(t *testing.T, namespace, service, federation, suffix, region, zone string) {
		n := dns.Naming{Federation: federation, Suffix: suffix}
		s := dns.Service{Namespace: namespace, Name: service, Backends: []dns.Backend{{Member: "m", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}}}
		wanted, problems := dns.Desired(n, s, []dns.Member{{Name: "m", Region: region, Zones: []string{zone}}, {Name: "other", Region: zone, Zones: []string{region}}})
		if len(wanted) == 0 && len(problems) == 0 {
			t.Error("neither names nor a problem")
		}
		for _, w := range wanted {
			mark := strings.TrimSuffix(dns.MarkName(w.Name), ".")
			if len(mark) > 253 || w.Name != dns.Absolute(w.Name) {
				t.Errorf("name %q, mark of %d octets", w.Name, len(mark))
			}
			for part := range strings.SplitSeq(mark, ".") {
				if part == "" || len(part) > 63 {
					t.Errorf("label %q of name %q", part, w.Name)
				}
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("web.ns.f.svc.example.com.")
	f.Add("web.ns.f.svc.a.b.example.com")
	f.Add("...f.svc.example.com")
	f.Fuzz(func(t *testing.T, name string) {
		namespace, service, at, ok := naming.Parse(name)
		if made := naming.Name(namespace, service, at); ok && made != dns.Absolute(name) {
			t.Errorf("Parse(%q) = %q, %q, %v, of which Name makes %q", name, namespace, service, at, made)
		}
	})
}

func FuzzMark(f *testing.F) {
	f.Add("fellowship", "5f1c", "ns/web", "heritage=fedhelm,federation=f,uid=u,service=ns/web")
	f.Add("", "", "", ",,=,heritage=fedhelm")
	f.Fuzz(func(t *testing.T, federation, uid, service, text string) {
		mark := dns.Mark{Federation: federation, UID: uid, Service: service}
		read, ok := dns.ParseMark(mark.Text())
		if clean := federation != "" && uid != "" && !strings.Contains(federation+uid+service, ","); clean && (!ok || read != mark) {
			t.Errorf("%q is read as %+v, %t", mark.Text(), read, ok)
		}
		if read, ok := dns.ParseMark(text); ok {
			if again, ok := dns.ParseMark(read.Text()); !ok || again != read {
				t.Errorf("%q is read as %+v, whose text is read as %+v", text, read, again)
			}
		}
	})
}
