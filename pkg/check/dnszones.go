package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

// dnsZones looks how it stands with the zones that have the federation's names: the worst of them is what is said first.
func (t *Target) dnsZones(ctx context.Context) Outcome {
	api, is := t.Clusters.(dnsview.Zones)
	if !is {
		return skipped("there is no way to ask for the DNSZones")
	}
	zones, err := dnsview.ReadZones(ctx, api)
	if err != nil {
		return unseen(err, "look at the DNS zones")
	}
	if len(zones) == 0 {
		return ok("the federation keeps no DNS zone: it was given no provider")
	}
	var failures, warnings []Outcome
	names := 0
	for i := range zones {
		switch o := t.judgeDNSZone(&zones[i], len(zones) == 1); o.Level {
		case Failure:
			failures = append(failures, o)
		case Warning:
			warnings = append(warnings, o)
		default:
		}
		names += int(zones[i].Names)
	}
	if wrong := slices.Concat(failures, warnings); len(wrong) > 0 {
		texts := make([]string, len(wrong))
		for i, o := range wrong {
			texts[i] = o.Text
		}
		return Outcome{Level: wrong[0].Level, Text: strings.Join(texts, "; "), Mend: wrong[0].Mend}
	}
	if len(zones) == 1 {
		return ok("DNSZone %q is kept, with %d names", zones[0].Name, names)
	}
	return ok("%d DNSZones are kept, with %d names", len(zones), names)
}

func (t *Target) judgeDNSZone(z *dnsview.Zone, alone bool) Outcome {
	said := fmt.Sprintf("DNSZone %q: %s: %s", z.Name, z.Reason, inOneLine(z.Message))
	describe := "kubectl" + option("context", t.Name) + " describe dnszone " + z.Name
	switch {
	case z.Ready && z.Held != "":
		return warning("kubectl"+option("context", t.Name)+" annotate dnszone "+z.Name+" "+fedv1beta1.AnnotationDeleteUnsourced+"=true  # if the Services are gone for good",
			"DNSZone %q holds records: %s", z.Name, inOneLine(z.Held))
	case z.Ready:
		return ok("DNSZone %q is kept", z.Name)
	}
	switch z.Reason {
	case fedv1beta1.ReasonZoneNotFound:
		return failure(describe+"  # says how the provider comes to have the zone; it is found within a minute", "%s", said)
	case fedv1beta1.ReasonZoneAmbiguous:
		if !alone { // the flag is that of the first
			return failure(describe+"  # names the ids: set this zone's zoneID among the chart's values global.dns", "%s", said)
		}
		return failure(t.upgrade()+" --dns-zone-id=ID  # one of those that are named", "%s", said)
	case fedv1beta1.ReasonDenied, fedv1beta1.ReasonConfigInvalid:
		return failure(t.kubectl()+" get secrets  # the one with the provider's configuration is to be mended; it is read again by itself", "%s", said)
	case fedv1beta1.ReasonThrottled, fedv1beta1.ReasonStarting:
		return warning(describe+"  # if it stays so for more than a few minutes", "%s", said)
	default:
		return failure(t.managerLog(), "%s", said)
	}
}
