package clusterdns

import (
	"errors"
	"fmt"
	"strings"
)

// MergeFederation returns the value of kube-dns' key "federations" with the federation in it: at its end, or in the
// place that it has there already with another zone. Nothing else in the value is touched, well-formed or not. A dot at
// the zone's end, which kube-dns does not take, is left out.
func MergeFederation(value, federation, zone string) (string, error) {
	zone = strings.ToLower(strings.TrimSuffix(zone, "."))
	if !isLabel(federation) {
		return "", fmt.Errorf("federation %q is no RFC 1123 label, and kube-dns takes no other", federation)
	}
	if !isSubdomain(zone) {
		return "", fmt.Errorf("zone %q of federation %q is no RFC 1123 subdomain, and kube-dns takes no other", zone, federation)
	}
	entry := federation + "=" + zone
	elements := split(value)
	placed := false
	for i := 0; i < len(elements); i++ {
		switch {
		case !elements[i].names(federation):
		case placed: // what kubefed left of a former zone
			elements = remove(elements, i)
			i--
		default:
			if z, _ := elements[i].zone(); z != zone {
				elements[i].core = entry
			}
			placed = true
		}
	}
	switch {
	case placed:
	case len(elements) == 1 && elements[0].core == "":
		elements[0].core = entry
	default:
		elements = append(elements, element{core: entry})
	}
	return join(elements), nil
}

// RemoveFederation returns the value without the federation: what it was before MergeFederation put it there. An empty
// result says nothing of whether the key was there.
func RemoveFederation(value, federation string) string {
	elements := split(value)
	for i := 0; i < len(elements); i++ {
		if elements[i].names(federation) {
			elements = remove(elements, i)
			i--
		}
	}
	return join(elements)
}

// FederationZone returns the zone that the value gives the federation; of several the last, as kube-dns does.
func FederationZone(value, federation string) (zone string, found bool) {
	for _, e := range split(value) {
		if e.names(federation) {
			zone, found = e.zone()
		}
	}
	return zone, found
}

// CheckFederations returns an error that names every element which kube-dns refuses. One is enough for it to ignore
// the whole ConfigMap.
func CheckFederations(value string) error {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	var errs []error
	for _, e := range split(value) {
		name, zone, ok := strings.Cut(e.core, "=")
		if !ok || !isLabel(strings.TrimSpace(name)) || !isSubdomain(strings.TrimSpace(zone)) {
			errs = append(errs, fmt.Errorf("%q is not of the form FEDERATION=ZONE, with a zone without a dot at its end", e.core))
		}
	}
	return errors.Join(errs...)
}

// element is one of the elements between the commas, with the white space around it.
type element struct {
	before, core, after string
}

func split(value string) []element {
	var elements []element
	for s := range strings.SplitSeq(value, ",") {
		core := strings.TrimSpace(s)
		at := strings.Index(s, core) // 0 for an element of nothing but white space, which is all behind it then
		elements = append(elements, element{s[:at], core, s[at+len(core):]})
	}
	return elements
}

func join(elements []element) string {
	texts := make([]string, len(elements))
	for i, e := range elements {
		texts[i] = e.before + e.core + e.after
	}
	return strings.Join(texts, ",")
}

func (e element) names(federation string) bool {
	name, _, ok := strings.Cut(e.core, "=")
	return ok && strings.TrimSpace(name) == federation
}

func (e element) zone() (string, bool) {
	_, zone, ok := strings.Cut(e.core, "=")
	return strings.TrimSpace(zone), ok
}

// remove takes out the element i. White space around the first one was there before us, as all there was, and stays.
func remove(elements []element, i int) []element {
	switch {
	case len(elements) == 1:
		elements[0].core = ""
		return elements
	case i == 0:
		elements[1].before = elements[0].before + elements[0].after + elements[1].before
	}
	return append(elements[:i], elements[i+1:]...)
}
