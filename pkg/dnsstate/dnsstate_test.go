package dnsstate

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// addresses are compared, not their insides.
var addresses = cmpopts.EquateComparable(netip.Addr{})

const text = `{"gondor":{"addresses":["203.0.113.7","2001:db8::7"]},"rohan":{"addresses":["198.51.100.9"],"out":"NoReadyEndpoints"},` +
	`"shire":{"hostname":"lb.example.net."},"umbar":{"out":"NotPlaced"}}`

func members() Members {
	return Members{
		"gondor": {Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")}},
		"rohan":  {Addresses: []netip.Addr{netip.MustParseAddr("198.51.100.9")}, Out: NoReadyEndpoints},
		"shire":  {Hostname: "lb.example.net."},
		"umbar":  {Out: NotPlaced},
	}
}

func TestAnnotationIsReadAsItIsWritten(t *testing.T) {
	if got := members().Encode(); got != text {
		t.Errorf("Encode = %s\nwant %s", got, text)
	}
	got, err := Of(map[string]string{fedv1beta1.AnnotationDNS: text})
	if diff := cmp.Diff(members(), got, addresses); err != nil || diff != "" {
		t.Errorf("Of: %v (-want +got):\n%s", err, diff)
	}
}

func TestAnnotationThatIsNotThere(t *testing.T) {
	if got, err := Of(nil); got != nil || err != nil {
		t.Errorf("Of = %v, %v", got, err)
	}
	if got := (Members{}).Encode(); got != "" {
		t.Errorf("Encode = %q, want no annotation", got)
	}
}

func TestAnnotationOfSomebodyElse(t *testing.T) {
	for _, text := range []string{"", "published", `{"gondor":{"addresses":["gondor.example.com"]}}`} {
		if _, err := Of(map[string]string{fedv1beta1.AnnotationDNS: text}); err == nil || !strings.Contains(err.Error(), fedv1beta1.AnnotationDNS) {
			t.Errorf("of %q: %v, want an error that names the annotation", text, err)
		}
	}
}

func TestBackends(t *testing.T) {
	m := members()
	m["bree"] = Member{} // neither an address nor a reason
	want := []dns.Backend{
		{Member: "gondor", Addresses: m["gondor"].Addresses},
		{Member: "shire", Hostname: "lb.example.net."},
	}
	if diff := cmp.Diff(want, m.Backends(), addresses); diff != "" {
		t.Errorf("Backends (-want +got):\n%s", diff)
	}
}
