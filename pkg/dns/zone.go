package dns

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of SelectZone.
var (
	// ErrNoZone says that the provider has no such zone.
	ErrNoZone = errors.New("the DNS provider has no such zone")
	// ErrAmbiguousZone says that it has several, and the id must tell which is meant.
	ErrAmbiguousZone = errors.New("the DNS provider has several zones of that name")
)

// SelectZone finds the zone with that id or, where id is empty, that name; a dot at the end of names makes no difference. Name is then checked
// too, if it is given: records for another zone would be refused one by one.
func SelectZone(zones []Zone, name, id string) (Zone, error) {
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
		return Zone{}, fmt.Errorf("zone %q: %w: create it, or let it be created with --dns-create-zone; there are: %s", name, ErrNoZone, list(zones))
	case len(found) > 1:
		return Zone{}, fmt.Errorf("zone %q: %w: choose one with --zone-id: %s", name, ErrAmbiguousZone, list(found))
	case name != "" && Absolute(found[0].Name) != Absolute(name):
		return Zone{}, fmt.Errorf("zone %q: %w: the one with id %q is %q", name, ErrNoZone, id, found[0].Name)
	}
	return found[0], nil
}

// list names the first zones.
func list(zones []Zone) string {
	if len(zones) == 0 {
		return "none"
	}
	var b strings.Builder
	for i, zone := range zones {
		if i == 10 {
			fmt.Fprintf(&b, " and %d more", len(zones)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (id %s)", zone.Name, zone.ID)
	}
	return b.String()
}
