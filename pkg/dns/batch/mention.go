package batch

import (
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// Mention is one of a unit's names in a provider's message.
type Mention struct {
	Unit  string
	About string // the message from there to the next mention
}

// Mentions finds the units whose names, or whose marks' names, are in a message.
func Mentions(message string, units []dns.Unit, escapes zonetext.Escapes) []Mention {
	owner := make(map[string]string, 2*len(units))
	for _, u := range units {
		owner[u.Name] = u.Name
		for _, c := range u.Changes {
			for _, set := range []*dns.RecordSet{c.Before, c.After} {
				if set != nil {
					owner[set.Name] = u.Name
				}
			}
		}
	}
	var found []Mention
	ends := 0 // of the last mention
	for at := 0; at < len(message); {
		if isBetween(rune(message[at])) {
			at++
			continue
		}
		end := len(message)
		if n := strings.IndexFunc(message[at:], isBetween); n >= 0 {
			end = at + n
		}
		if unit, ok := owner[escapes.Name(message[at:end])]; ok {
			if len(found) > 0 {
				found[len(found)-1].About = message[ends:at]
			}
			found = append(found, Mention{Unit: unit})
			ends = end
		}
		at = end
	}
	if len(found) > 0 {
		found[len(found)-1].About = message[ends:]
	}
	return found
}

// isBetween tells what cannot be part of a name.
func isBetween(r rune) bool { return strings.ContainsRune(" \t\n'\"[](){}<>,;:=", r) }
