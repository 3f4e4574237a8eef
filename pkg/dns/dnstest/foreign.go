package dnstest

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// testForeign has what is not ours in the zone, at our names too, while ours come and go.
func testForeign(t *testing.T, h Harness) {
	web := h.name("web")
	foreign := []dns.RecordSet{
		set(h.name("www"), dns.A, 3600, "203.0.113.1", "203.0.113.2"),
		set(h.name("alias"), dns.CNAME, 3600, h.name("www")),
		set(h.name("sub.web"), dns.A, 3600, "203.0.113.3"),
		set(web, dns.TXT, 3600, "v=spf1 -all"),
		set(h.name("_acme-challenge.web"), dns.TXT, 60, "token"),
	}
	values := map[dns.Type]string{"MX": "10 mail.example.com.", "SRV": "10 5 443 mail.example.com.", "CAA": `0 issue "ca.example.com"`}
	for _, kind := range h.Foreign {
		foreign = append(foreign, set(web, kind, 3600, values[kind]), set(h.name("mail"), kind, 3600, values[kind]))
	}
	for _, s := range foreign {
		h.Put(t, s)
	}
	untouched := h.list(t, h.Zone.Name)
	for _, kind := range h.Foreign {
		found := false
		for _, s := range untouched {
			found = found || s.Name == web && s.Type == kind
		}
		if !found {
			t.Errorf("Records do not tell of the %s record at %s", kind, web)
		}
	}
	ours := []dns.RecordSet{set("_fedhelm."+web, dns.TXT, 300, "ours"), set(web, dns.A, 60, "192.0.2.1"), set(web, dns.AAAA, 60, "2001:db8::1")}
	more := []dns.RecordSet{ours[0], set(web, dns.A, 60, "192.0.2.7", "192.0.2.8")}
	h.apply(t, unit(web, nil, ours))
	h.apply(t, unit(web, ours, more))
	h.apply(t, unit(web, more, nil))
	if diff := gocmp.Diff(untouched, h.list(t, h.Zone.Name)); diff != "" {
		t.Errorf("the zone after our name has come and gone (-before +after):\n%s", diff)
	}
}
