package dnsconfig

import (
	"errors"
	"fmt"
	"strings"
)

// Zone is one that has the federation's names, as flags tell of it.
type Zone struct {
	Provider string
	Name     string // with a dot at its end
	ID       string // the provider's; "" where it has one of that name only
	File     string // with the provider's configuration; "" where it needs none
	Suffix   string // what names end with; "": Name
}

// ParseZone reads the value of a flag --dns-zone: provider=PROVIDER,zone=ZONE[,zone-id=ID][,config=FILE][,suffix=SUFFIX]. It reports everything
// that is wrong with it. What values stand for is not looked at.
func ParseZone(text string) (Zone, error) {
	var z Zone
	fields := map[string]*string{"provider": &z.Provider, "zone": &z.Name, "zone-id": &z.ID, "config": &z.File, "suffix": &z.Suffix}
	var errs []error
	for part := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		field := fields[key]
		switch {
		case !ok || field == nil:
			errs = append(errs, fmt.Errorf("%q must be one of provider=, zone=, zone-id=, config= or suffix=", part))
		case *field != "":
			errs = append(errs, fmt.Errorf("%s is given twice", key))
		default:
			*field = value
		}
	}
	if len(errs) == 0 {
		errs = append(errs, CheckProvider(z.Provider), CheckZone(z.Name))
	}
	return z, errors.Join(errs...)
}
