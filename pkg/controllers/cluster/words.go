package cluster

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of a member's own words is passed on, in bytes. The API server refuses longer ones of an event and of a condition, and with
// them all else that there is to say.
const (
	longestMessage = 1000
	longestVersion = 64
	longestUID     = 64
	longestName    = 64 // of a check that failed
)

// words are those of somebody who may say anything, fit for a line of a table: no control characters, which a terminal would obey, and
// not without an end.
func words(said string, longest int) string {
	if len(said) > longest {
		end := longest - len("…")
		for end > 0 && !utf8.RuneStart(said[end]) {
			end--
		}
		said = said[:end] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, said)
}
