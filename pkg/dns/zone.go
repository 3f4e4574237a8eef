package dns

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Errors of SelectZone.
var (
	// ErrNoZone says that the provider has no such zone.
	ErrNoZone = errors.New("the DNS provider has no such zone")
	// ErrAmbiguousZone says that it has several, and the id must tell which is meant.
	ErrAmbiguousZone = errors.New("the DNS provider has several zones of that name")
)

// SelectZone finds the zone of a provider with that id or, where id is empty, that name; a dot at the end of names makes no difference, nor does
// what the tools of Route 53 put before ids. Name is then checked too, if it is given: records for another zone would be refused one by one.
// Errors say what whoever set up the federation can do.
func SelectZone(provider string, zones []Zone, name, id string) (Zone, error) {
	id = PlainID(id)
	var found []Zone
	for _, zone := range zones {
		if id == "" && Absolute(zone.Name) == Absolute(name) || id != "" && zone.ID == id {
			found = append(found, zone)
		}
	}
	switch {
	case len(found) == 0 && id != "":
		return Zone{}, fmt.Errorf("zone id %q: %w; there are: %s", id, ErrNoZone, list(zones))
	case len(found) == 0:
		return Zone{}, fmt.Errorf("zone %q: %w: %s; there are: %s", name, ErrNoZone, wayToZone(provider), list(zones))
	case len(found) > 1:
		return Zone{}, fmt.Errorf("zone %q: %w: choose one with fedhelm upgrade --dns-zone-id=ID, or the chart's value zoneID of the zone: %s", name, ErrAmbiguousZone, list(found))
	case name != "" && Absolute(found[0].Name) != Absolute(name):
		return Zone{}, fmt.Errorf("zone %q: %w: the one with id %q is %q", name, ErrNoZone, id, found[0].Name)
	}
	return found[0], nil
}

// PlainID is the id of a zone without what the tools of Route 53 put before it.
func PlainID(id string) string { return strings.TrimPrefix(id, "/hostedzone/") }

// wayToZone is how a provider comes to have a zone. Not all of them can make one.
func wayToZone(provider string) string {
	switch provider {
	case "coredns":
		return "name it in CoreDNS' Corefile and in zones of the provider's configuration"
	case "rfc2136":
		return "make it in the server's configuration, and name it in zones of the provider's"
	default:
		return "create it, or have it created by the chart's value controlPlane.controllerManager.dns.createZone=true"
	}
}

// list names the first zones. Where some are private, it says so of each.
func list(zones []Zone) string {
	if len(zones) == 0 {
		return "none"
	}
	private := slices.ContainsFunc(zones, func(z Zone) bool { return z.Private })
	var b strings.Builder
	for i, zone := range zones {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(zones)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (id %s", zone.Name, zone.ID)
		switch {
		case zone.Private:
			b.WriteString(", private")
		case private:
			b.WriteString(", public")
		}
		b.WriteString(")")
	}
	return b.String()
}
