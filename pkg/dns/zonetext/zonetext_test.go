package zonetext_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

func TestQuote(t *testing.T) {
	for _, tt := range []struct {
		name, text, standard, octal string
	}{
		{name: "plain", text: "heritage=fedhelm,service=default/web", standard: `"heritage=fedhelm,service=default/web"`, octal: `"heritage=fedhelm,service=default/web"`},
		{name: "empty", text: "", standard: `""`, octal: `""`},
		{name: "quotes and backslashes", text: `a "b" \c`, standard: `"a \"b\" \\c"`, octal: `"a \"b\" \\c"`},
		{name: "octets that are no ASCII text", text: "ä\n", standard: `"\195\164\010"`, octal: `"\303\244\012"`},
		{name: "255 octets are one string", text: strings.Repeat("x", 255), standard: `"` + strings.Repeat("x", 255) + `"`, octal: `"` + strings.Repeat("x", 255) + `"`},
		{name: "more are several", text: strings.Repeat("x", 511), standard: `"` + strings.Repeat("x", 255) + `" "` + strings.Repeat("x", 255) + `" "x"`, octal: `"` + strings.Repeat("x", 255) + `" "` + strings.Repeat("x", 255) + `" "x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for escapes, want := range map[zonetext.Escapes]string{zonetext.Standard: tt.standard, zonetext.Octal: tt.octal} {
				if got := escapes.Quote(tt.text); got != want {
					t.Errorf("base %d: Quote(%q) = %s, want %s", escapes, tt.text, got, want)
				}
				if got, ok := escapes.Unquote(escapes.Quote(tt.text)); !ok || got != tt.text {
					t.Errorf("base %d: Unquote of what Quote made of %q is %q, %t", escapes, tt.text, got, ok)
				}
			}
		})
	}
}

func TestUnquote(t *testing.T) {
	for value, want := range map[string]string{
		`plain`:         "plain",
		`two words`:     "twowords",
		`"a b" "c"`:     "a bc",
		`"a""b"`:        "ab",
		`  "a"	b `:      "ab",
		`\"quoted\"`:    `"quoted"`,
		`"\065\066"`:    "AB",
		`"a\;b"`:        "a;b",
		`"open`:         "!",
		`"broken\`:      "!",
		`"broken\1"`:    "!",
		`"broken\999"`:  "!",
		`"broken\0x0" `: "!",
	} {
		got, ok := zonetext.Standard.Unquote(value)
		if ok != (want != "!") || ok && got != want {
			t.Errorf("Unquote(%s) = %q, %t, want %q", value, got, ok, want)
		}
	}
	if got, ok := zonetext.Octal.Unquote(`"\101\089"`); ok {
		t.Errorf("digits that are not octal were read as %q", got)
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(`a "b" \c`)
	f.Add(strings.Repeat("\xff", 300))
	f.Fuzz(func(t *testing.T, text string) {
		for _, escapes := range []zonetext.Escapes{zonetext.Standard, zonetext.Octal} {
			if got, ok := escapes.Unquote(escapes.Quote(text)); !ok || got != text {
				t.Errorf("base %d: Unquote(%s) = %q, %t, want %q", escapes, escapes.Quote(text), got, ok, text)
			}
			escapes.Name(text) // must end
		}
	})
}

func TestName(t *testing.T) {
	for written, want := range map[string]string{
		"Web.Example.COM":        "web.example.com.",
		`\052.example.com.`:      "*.example.com.",
		`_fedhelm.\141b.`:        "_fedhelm.ab.",
		`a\056b.example.com.`:    `a\056b.example.com.`,
		`a\.b.example.com.`:      `a\.b.example.com.`,
		`\303\244.example.com.`:  `\303\244.example.com.`,
		`broken\9.example.com.`:  `broken\9.example.com.`,
		`back\134slash.example.`: `back\134slash.example.`,
	} {
		if got := zonetext.Octal.Name(written); got != want {
			t.Errorf("Name(%s) = %s, want %s", written, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    dns.Type
		written []string
		want    []string
	}{
		{name: "addresses are sorted, each once", kind: dns.A, written: []string{"192.0.2.2", "192.0.2.1", "192.0.2.2"}, want: []string{"192.0.2.1", "192.0.2.2"}},
		{name: "IPv6 addresses are as netip prints them", kind: dns.AAAA, written: []string{"2001:DB8:0:0::1"}, want: []string{"2001:db8::1"}},
		{name: "what is no address stays", kind: dns.A, written: []string{"x"}, want: []string{"x"}},
		{name: "targets are absolute", kind: dns.CNAME, written: []string{"LB.Example"}, want: []string{"lb.example."}},
		{name: "texts have no quotes", kind: dns.TXT, written: []string{`"a b"`, `"broken`}, want: []string{`"broken`, "a b"}},
		{name: "types that are not used have no values", kind: "MX", written: []string{"10 mail.example."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, zonetext.Standard.Parse(tt.kind, tt.written)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	const e = zonetext.Octal
	odd := zonetext.Raw{Name: "WEB.example.com", Values: []string{"192.0.2.2", "192.0.2.1"}}
	ours := dns.RecordSet{Name: "web.example.com.", Type: dns.A, TTL: 60, Values: []string{"192.0.2.1", "192.0.2.2"}}
	plain := zonetext.Raw{Name: ours.Name, Values: ours.Values}
	var m zonetext.Memory
	write := func(set dns.RecordSet, want zonetext.Raw, when string) {
		t.Helper()
		if diff := cmp.Diff(want, m.Write(e, "Z1", set)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	list := func(under string, raws ...zonetext.Raw) {
		l := e.NewListing()
		for _, raw := range raws {
			l.Read(raw, dns.A, 60)
		}
		m.Remember("Z1", under, l)
	}
	write(ours, plain, "before any listing")
	list("example.com.", odd)
	write(ours, odd, "as it was listed")
	write(dns.RecordSet{Name: ours.Name, Type: dns.A, TTL: 30, Values: ours.Values}, plain, "another set than was listed")
	list("other.example.com.")
	write(ours, odd, "after another part of the zone was listed")
	list("example.com.", plain)
	write(ours, plain, "after it was listed otherwise")
	list("example.com.", odd)
	m.Forget("Z1", []dns.Unit{{Name: ours.Name, Changes: []dns.Change{{Before: &ours}}}})
	write(ours, plain, "after it was changed")
}
