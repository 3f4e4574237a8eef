// Package printable makes what others say fit to be shown: a terminal obeys control characters, and whoever writes a name, a condition
// or an error message in some cluster could thereby change what the reader sees.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lines returns the text with a space for each character that is neither visible nor a line's end nor a tab.
func Lines(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, text)
}

// Line returns the text as one line of at most so many bytes, with a space for each character that is not visible.
func Line(text string, longest int) string {
	if len(text) > longest {
		end := longest - len("…")
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return strings.Map(visible, text)
}

func visible(r rune) rune {
	if r == utf8.RuneError || !unicode.IsPrint(r) {
		return ' '
	}
	return r
}
