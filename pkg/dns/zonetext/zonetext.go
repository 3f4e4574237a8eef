// Package zonetext reads and writes names and values as DNS providers' APIs have them: the text of zone files (RFC 1035, section 5.1).
package zonetext

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Escapes is the base of the numbers in escapes, \DDD. Standard is RFC 1035's; Amazon has its own.
type Escapes int

// Bases.
const (
	Standard Escapes = 10
	Octal    Escapes = 8
)

// maxString is how long one of a text's strings can be.
const maxString = 255

// Quote writes a text as quoted strings of at most 255 octets.
func (e Escapes) Quote(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte('"')
	for i := range len(text) {
		if i > 0 && i%maxString == 0 {
			b.WriteString(`" "`)
		}
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c <= '~':
			b.WriteByte(c)
		case e == Octal:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			fmt.Fprintf(&b, `\%03d`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Unquote is the text of one or more strings, which need quotes only if there are spaces in them. It is false for what is none.
func (e Escapes) Unquote(value string) (string, bool) {
	var text []byte
	for value = strings.TrimLeft(value, " \t"); value != ""; value = strings.TrimLeft(value, " \t") {
		rest, quoted := strings.CutPrefix(value, `"`)
		for ended := false; !ended; {
			switch {
			case rest == "":
				if quoted {
					return "", false
				}
				ended = true
			case quoted && rest[0] == '"':
				rest, ended = rest[1:], true
			case !quoted && (rest[0] == ' ' || rest[0] == '\t'):
				ended = true
			default:
				c, n := e.octet(rest)
				if n == 0 {
					return "", false
				}
				text, rest = append(text, c), rest[n:]
			}
		}
		value = rest
	}
	return string(text), true
}

// octet is the first one of s, and how many octets of text it takes: none if it is a broken escape.
func (e Escapes) octet(s string) (c byte, n int) {
	if s[0] != '\\' {
		return s[0], 1
	}
	if len(s) < 2 {
		return 0, 0
	}
	if s[1] < '0' || s[1] > '9' {
		return s[1], 2
	}
	if len(s) < 4 {
		return 0, 0
	}
	number := 0
	for _, digit := range []byte(s[1:4]) {
		if digit < '0' || int(digit-'0') >= int(e) {
			return 0, 0
		}
		number = number*int(e) + int(digit-'0')
	}
	if number > 255 {
		return 0, 0
	}
	return byte(number), 4
}

// Name is an absolute name without needless escapes: lower case, with a dot at its end.
func (e Escapes) Name(s string) string {
	if !strings.Contains(s, `\`) {
		return dns.Absolute(s)
	}
	var b strings.Builder
	for s != "" {
		c, n := e.octet(s)
		if n == 0 { // not to be understood, so it is nobody's that we know
			c, n = s[0], 1
		}
		if n > 1 && (c <= ' ' || c > '~' || c == '.' || c == '\\') {
			b.WriteString(s[:n]) // it means something else without
		} else {
			b.WriteByte(c)
		}
		s = s[n:]
	}
	return dns.Absolute(b.String())
}

// Values writes the values of a record set.
func (e Escapes) Values(set dns.RecordSet) []string {
	if set.Type != dns.TXT {
		return set.Values
	}
	values := make([]string, 0, len(set.Values))
	for _, text := range set.Values {
		values = append(values, e.Quote(text))
	}
	return values
}

// Parse reads those of a type, as a dns.RecordSet has them. They are nil for types that federations do not use.
func (e Escapes) Parse(t dns.Type, written []string) []string {
	if t != dns.A && t != dns.AAAA && t != dns.CNAME && t != dns.TXT {
		return nil
	}
	values := make([]string, 0, len(written))
	for _, value := range written {
		switch t {
		case dns.CNAME:
			value = e.Name(value)
		case dns.TXT:
			if text, ok := e.Unquote(value); ok {
				value = text
			}
		default:
			if addr, err := netip.ParseAddr(value); err == nil {
				value = addr.String()
			}
		}
		values = append(values, value)
	}
	slices.Sort(values)
	return slices.Compact(values)
}
