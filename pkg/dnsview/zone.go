package dnsview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Zone is a DNS zone with the federation's names, and how it stands with it. Scripts read its fields: they stay.
type Zone struct {
	Name     string `json:"name"` // of its DNSZone
	Zone     string `json:"zone"` // with a dot at the end
	Suffix   string `json:"suffix"`
	Provider string `json:"provider"`
	ID       string `json:"id,omitempty"` // the provider's

	Ready   bool   `json:"ready"`
	Reason  string `json:"reason"` // Unknown while the controller manager has said nothing
	Message string `json:"message,omitempty"`
	// Held is why records stay of which no Service is left; "": none do.
	Held     string     `json:"held,omitempty"`
	Names    int32      `json:"names"`
	Records  int32      `json:"records"`
	Servers  []string   `json:"servers,omitempty"`
	LastSync *time.Time `json:"lastSync,omitempty"`

	Federation string `json:"-"`
	TTL        uint32 `json:"-"` // of Services that do not choose one
}

// ReadZones lists the DNS zones of a federation, sorted by name.
func ReadZones(ctx context.Context, api Zones) ([]Zone, error) {
	list, err := api.Zones(ctx)
	if apierrors.IsNotFound(err) {
		return nil, errors.New("the federation API knows no DNSZones: its control plane is older than this fedhelm; bring it up with fedhelm upgrade FEDERATION")
	}
	if err != nil {
		return nil, fmt.Errorf("list the DNSZones of the federation API: %w", err)
	}
	zones := make([]Zone, 0, len(list.Items))
	for i := range list.Items {
		zones = append(zones, zoneOf(&list.Items[i]))
	}
	slices.SortFunc(zones, func(a, b Zone) int { return strings.Compare(a.Name, b.Name) })
	return zones, nil
}

func zoneOf(z *fedv1beta1.DNSZone) Zone {
	zone := Zone{
		Name: z.Name, Zone: z.Spec.Zone, Suffix: z.Spec.Suffix, Provider: z.Spec.Provider, ID: z.Status.ZoneID,
		Names: z.Status.Names, Records: z.Status.Records, Servers: z.Status.Servers,
		Reason: "Unknown", Message: "the controller manager has said nothing of it yet",
		Federation: z.Spec.Federation, TTL: uint32(max(z.Spec.TTL, 0)),
	}
	if ready := meta.FindStatusCondition(z.Status.Conditions, fedv1beta1.DNSZoneReady); ready != nil {
		zone.Ready, zone.Reason, zone.Message = ready.Status == metav1.ConditionTrue, ready.Reason, ready.Message
	}
	if held := meta.FindStatusCondition(z.Status.Conditions, fedv1beta1.DNSZoneRecordsHeld); held != nil && held.Status == metav1.ConditionTrue {
		zone.Held = held.Message
	}
	if z.Status.LastSyncTime != nil {
		zone.LastSync = ptr.To(z.Status.LastSyncTime.UTC())
	}
	return zone
}

// naming is how names in the zone are made.
func (z *Zone) naming() dns.Naming { return dns.Naming{Federation: z.Federation, Suffix: z.Suffix} }

// zone finds a zone by its name, its suffix or the name of its DNSZone. "" means the main one, or, if that is not known, the only one.
func (v *View) zone(name, main string) (*Zone, error) {
	for i := range v.Zones {
		z := &v.Zones[i]
		if name != "" && (z.Name == name || dns.Absolute(z.Zone) == dns.Absolute(name) || dns.Absolute(z.Suffix) == dns.Absolute(name)) {
			return z, nil
		}
	}
	names := make([]string, len(v.Zones))
	for i := range v.Zones {
		names[i] = v.Zones[i].Name
	}
	if name != "" {
		return nil, fmt.Errorf("--dns-zone: federation %q has no DNS zone %q; it has: %s", v.Federation, name, strings.Join(names, ", "))
	}
	if len(v.Zones) == 1 {
		return &v.Zones[0], nil
	}
	if main != "" {
		if z, err := v.zone(main, ""); err == nil {
			return z, nil
		}
	}
	return nil, fmt.Errorf("federation %q has several DNS zones: %s; choose one with --dns-zone", v.Federation, strings.Join(names, ", "))
}
