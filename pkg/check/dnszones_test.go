package check

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// zoned is registered, with DNSZones, or why they cannot be listed.
type zoned struct {
	registered
	zones []fedv1beta1.DNSZone
	err   error
}

func (z zoned) Zones(context.Context) (*fedv1beta1.DNSZoneList, error) {
	return &fedv1beta1.DNSZoneList{Items: z.zones}, z.err
}

func TestDNSZones(t *testing.T) {
	zone := func(name string, conditions ...metav1.Condition) fedv1beta1.DNSZone {
		return fedv1beta1.DNSZone{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Status:     fedv1beta1.DNSZoneStatus{Names: 3, Conditions: conditions},
		}
	}
	ready := condition(fedv1beta1.DNSZoneReady, metav1.ConditionTrue, fedv1beta1.ReasonSynced, "3 names")
	not := func(reason, message string) metav1.Condition {
		return condition(fedv1beta1.DNSZoneReady, metav1.ConditionFalse, reason, message)
	}
	held := condition(fedv1beta1.DNSZoneRecordsHeld, metav1.ConditionTrue, fedv1beta1.ReasonSourcesMissing, "20 Services have records")
	tests := []struct {
		name  string
		zones []fedv1beta1.DNSZone
		err   error
		want  expected
	}{
		{name: "one that is kept", zones: []fedv1beta1.DNSZone{zone("example.com", ready)}, want: expected{level: OK, text: `DNSZone "example.com" is kept, with 3 names`}},
		{name: "two that are kept", zones: []fedv1beta1.DNSZone{zone("example.com", ready), zone("example.org", ready)}, want: expected{level: OK, text: "2 DNSZones are kept, with 6 names"}},
		{name: "none is nothing that is wrong", want: expected{level: OK, text: "no DNS zone"}},
		{name: "one that is denied", zones: []fedv1beta1.DNSZone{zone("example.com", not("Denied", "bad\nkey"))}, want: expected{level: Failure, text: `DNSZone "example.com": Denied: bad; key`, mend: "get secrets  # the one with the provider's configuration"}},
		{name: "one whose configuration cannot be used", zones: []fedv1beta1.DNSZone{zone("example.com", not("ConfigInvalid", "no key"))}, want: expected{level: Failure, text: "ConfigInvalid: no key", mend: "get secrets"}},
		{name: "one that is not there", zones: []fedv1beta1.DNSZone{zone("example.com", not("ZoneNotFound", "create it"))}, want: expected{level: Failure, text: "ZoneNotFound: create it", mend: "kubectl --context=fellowship describe dnszone example.com"}},
		{
			name: "one of several, beside another", zones: []fedv1beta1.DNSZone{zone("example.com", not("ZoneAmbiguous", "Z1, Z2")), zone("example.net", ready)},
			want: expected{level: Failure, text: "Z1, Z2", mend: "zoneID"},
		},
		{name: "one of several", zones: []fedv1beta1.DNSZone{zone("example.com", not("ZoneAmbiguous", "Z1, Z2"))}, want: expected{level: Failure, text: "Z1, Z2", mend: "fedhelm upgrade fellowship --host-cluster-context=rivendell --federation-system-namespace=middle-earth --dns-zone-id=ID"}},
		{name: "one whose provider is away", zones: []fedv1beta1.DNSZone{zone("example.com", not("Unreachable", "no route"))}, want: expected{level: Failure, text: "Unreachable: no route", mend: "logs deployment/fellowship-controller-manager"}},
		{name: "one whose provider wants to be left alone", zones: []fedv1beta1.DNSZone{zone("example.com", not("Throttled", "slow down"))}, want: expected{level: Warning, text: "slow down", mend: "if it stays so"}},
		{name: "one of which nothing was ever said", zones: []fedv1beta1.DNSZone{zone("example.com")}, want: expected{level: Failure, text: "said nothing of it yet", mend: "logs deployment/fellowship-controller-manager"}},
		{name: "one that holds records", zones: []fedv1beta1.DNSZone{zone("example.com", ready, held)}, want: expected{level: Warning, text: "holds records: 20 Services", mend: "annotate dnszone example.com federation.fedhelm.io/delete-unsourced=true"}},
		{
			name: "the worst leads", zones: []fedv1beta1.DNSZone{zone("a.example", ready, held), zone("b.example", not("Denied", "bad key")), zone("c.example", ready)},
			want: expected{level: Failure, text: `DNSZone "b.example": Denied: bad key; DNSZone "a.example" holds records`, mend: "get secrets"},
		},
		{name: "they cannot be listed", err: errNobody, want: expected{level: Failure, text: "nobody answers"}},
		{name: "they may not be listed", err: apierrors.NewForbidden(schema.GroupResource{Resource: "dnszones"}, "", nil), want: expected{level: Skipped, text: "forbidden"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := fellowship()
			target.Clusters = zoned{zones: tt.zones, err: tt.err}
			tt.want.check(t, target.dnsZones(t.Context()))
		})
	}
	t.Run("nobody to ask", func(t *testing.T) {
		expected{level: Skipped}.check(t, fellowship().dnsZones(t.Context()))
	})
	t.Run("it is among the checks", func(t *testing.T) {
		target := fellowship()
		target.Clusters = zoned{zones: []fedv1beta1.DNSZone{zone("example.com", not("Denied", "bad key"))}}
		for _, r := range Run(t.Context(), target.apiChecks()) {
			if r.Name == "dns-zones" {
				expected{level: Failure, text: "bad key"}.check(t, r.Outcome)
				return
			}
		}
		t.Error("nobody looks at the DNS zones")
	})
}
