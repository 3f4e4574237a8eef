package clusterdns

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a Corefile, and where it is in the text.
type token struct {
	text       string
	line       int
	start, end int
}

// comment is the text from a "#" to the end of its line.
type comment struct {
	text       string
	line       int
	start, end int
	alone      bool // nothing but white space is before it in its line
}

// lexer cuts a Corefile into tokens as CoreDNS does, its oddities included: a "#" begins a comment anywhere outside
// quotes, but a comment right behind a word ends at the first white space; quotes count at a word's beginning only.
type lexer struct {
	text     string
	pos      int
	line     int
	tokens   []token
	comments []comment
}

// lex fails only where CoreDNS would take the rest of the file for a quoted string.
func lex(text string) (tokens []token, comments []comment, err error) {
	l := &lexer{text: text, line: 1}
	if strings.HasPrefix(text, "\ufeff") {
		l.pos = len("\ufeff")
	}
	for l.pos < len(text) {
		switch ch, size := utf8.DecodeRuneInString(text[l.pos:]); {
		case ch == '\n':
			l.line++
			l.pos++
		case unicode.IsSpace(ch):
			l.pos += size
		case ch == '#':
			l.comment()
		case ch == '"':
			if err := l.quoted(); err != nil {
				return nil, nil, err
			}
		default:
			l.word()
		}
	}
	return l.tokens, l.comments, nil
}

func (l *lexer) comment() {
	start := l.pos
	l.pos = l.lineEnd()
	before := l.text[strings.LastIndexByte(l.text[:start], '\n')+1 : start]
	l.comments = append(l.comments, comment{
		text: strings.TrimSpace(l.text[start:l.pos]), line: l.line, start: start, end: l.pos,
		alone: strings.TrimSpace(strings.TrimPrefix(before, "\ufeff")) == "",
	})
}

// lineEnd is where the line ends: at its "\n" or "\r\n", or where the text does.
func (l *lexer) lineEnd() int {
	n := strings.IndexByte(l.text[l.pos:], '\n')
	if n < 0 {
		return len(l.text)
	}
	if n > 0 && l.text[l.pos+n-1] == '\r' {
		n--
	}
	return l.pos + n
}

func (l *lexer) quoted() error {
	t := token{line: l.line, start: l.pos}
	var val strings.Builder
	for i := l.pos + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"':
			l.pos = i + 1
			t.text, t.end = val.String(), l.pos
			l.tokens = append(l.tokens, t)
			return nil
		case c == '\\' && strings.HasPrefix(l.text[i+1:], `"`):
			i++
			val.WriteByte('"')
		case c == '\\' && i+1 < len(l.text): // escapes nothing else, nor is what follows an escape
			i++
			val.WriteString(l.text[i-1 : i+1])
			if l.text[i] == '\n' {
				l.line++
			}
		default:
			if c == '\n' {
				l.line++
			}
			val.WriteByte(c)
		}
	}
	return fmt.Errorf("line %d: a quoted string without an end", t.line)
}

func (l *lexer) word() {
	t := token{line: l.line, start: l.pos}
	var val strings.Builder
	for l.pos < len(l.text) {
		ch, size := utf8.DecodeRuneInString(l.text[l.pos:])
		if ch == '#' {
			l.hidden()
			break
		}
		if ch != '\r' && unicode.IsSpace(ch) {
			break
		}
		if ch != '\r' {
			val.WriteString(l.text[l.pos : l.pos+size])
		}
		l.pos += size
	}
	t.text, t.end = val.String(), l.pos
	l.tokens = append(l.tokens, t)
}

// hidden passes over the comment behind a word.
func (l *lexer) hidden() {
	n := strings.IndexFunc(l.text[l.pos:], func(r rune) bool { return r != '\r' && unicode.IsSpace(r) })
	if n < 0 {
		n = len(l.text) - l.pos
	}
	l.pos += n
}
