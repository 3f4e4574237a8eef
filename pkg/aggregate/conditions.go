package aggregate

import (
	"fmt"
	"strings"
)

// mostNamed is how many members a message names.
const mostNamed = 3

// saying is what a member says.
type saying struct{ member, message string }

// sayings makes one message out of those of members, which it names.
func sayings(all []saying) string {
	var b strings.Builder
	for i, s := range all {
		if i == mostNamed {
			fmt.Fprintf(&b, "; and %d more", len(all)-mostNamed)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(s.member)
		if s.message != "" {
			b.WriteString(": " + s.message)
		}
	}
	return b.String()
}
