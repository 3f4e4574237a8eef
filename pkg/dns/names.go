package dns

import (
	"fmt"
	"strings"
)

// Limits of names, in octets without the dot at the end.
const (
	maxName  = 253 - len(markLabel) // a name has room for its mark
	maxLabel = 63
)

// Label makes a DNS label of a region or a zone: lower case, "-" for what is none of a-z, 0-9 and "-", none at the ends, at most 63 octets. It is
// empty when nothing is left. The resolvers of members do the same, so that they ask for the names that are published.
func Label(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(s))
	s = strings.Trim(s, "-")
	return strings.TrimRight(s[:min(len(s), maxLabel)], "-")
}

// Absolute is a name as records have it: lower case, with a dot at its end.
func Absolute(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, ".")) + "."
}

// Within tells whether an absolute name is the other one or below it.
func Within(name, parent string) bool {
	return name == parent || parent == "." || strings.HasSuffix(name, "."+parent)
}

// Place says where a name of a Service leads first. Region and Zone are labels.
type Place struct {
	Region string // "": everywhere
	Zone   string // "": all of the region
}

// Level is how wide the place is.
func (p Place) Level() Level {
	switch {
	case p.Zone != "":
		return LevelZone
	case p.Region != "":
		return LevelRegion
	default:
		return LevelGlobal
	}
}

// wider is the place that answers for this one where it has nothing itself.
func (p Place) wider() Place {
	if p.Zone != "" {
		return Place{Region: p.Region}
	}
	return Place{}
}

// Name is what a Service is called at a place: SERVICE.NAMESPACE.FEDERATION.svc[[.ZONE].REGION].SUFFIX.
func (n Naming) Name(namespace, service string, at Place) string {
	labels := []string{service, namespace, n.Federation, "svc"}
	if at.Zone != "" {
		labels = append(labels, at.Zone)
	}
	if at.Region != "" {
		labels = append(labels, at.Region)
	}
	return Absolute(strings.Join(labels, ".") + "." + n.Suffix)
}

// Parse finds the Service and the place of a name that Name makes. Whether there is such a Service is not known here.
func (n Naming) Parse(name string) (namespace, service string, at Place, ok bool) {
	head, found := strings.CutSuffix(Absolute(name), "."+Absolute(n.Suffix))
	labels := strings.Split(head, ".")
	if !found || len(labels) < 4 || len(labels) > 6 || labels[2] != n.Federation || labels[3] != "svc" {
		return "", "", Place{}, false
	}
	switch places := labels[4:]; len(places) {
	case 1:
		at = Place{Region: places[0]}
	case 2:
		at = Place{Region: places[1], Zone: places[0]}
	}
	for _, label := range labels {
		if label == "" {
			return "", "", Place{}, false
		}
	}
	return labels[1], labels[0], at, true
}

// Places are all that a member's pods may ask at, the widest first.
func (m Member) Places() []Place {
	places := []Place{{}}
	region := Label(m.Region)
	if region == "" {
		return places
	}
	places = append(places, Place{Region: region})
	seen := map[string]bool{"": true}
	for _, zone := range m.Zones {
		if zone = Label(zone); !seen[zone] {
			seen[zone] = true
			places = append(places, Place{Region: region, Zone: zone})
		}
	}
	return places
}

// checkName says why there can be no such absolute name, if there cannot. Limit is in octets, without the dot at the end.
func checkName(name string, limit int) error {
	name = strings.TrimSuffix(name, ".")
	if len(name) > limit {
		return fmt.Errorf("it has %d octets, and may have %d", len(name), limit)
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > maxLabel {
			return fmt.Errorf("label %q has %d octets, and may have 1 to %d", label, len(label), maxLabel)
		}
		for _, c := range []byte(label) {
			if fit := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'; !fit {
				return fmt.Errorf("label %q has other octets than letters, digits, - and _", label)
			}
		}
	}
	return nil
}
