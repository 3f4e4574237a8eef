package clusterdns

import (
	"errors"
	"fmt"
	"strings"
)

// corefile is a Corefile as its own text has it: what it imports from files is not in it.
type corefile struct {
	blocks   []serverBlock
	imports  []string // of files, at the top
	comments []comment
	snippets map[string][]directive
}

// serverBlock is a server block or, with a name in parentheses for its key, a snippet.
type serverBlock struct {
	keys       []string
	line       int
	start, end int
	braces     bool
	directives []directive
}

// directive is a plug-in's part of a server block; its arguments are those of its first line.
type directive struct {
	name       string
	args       []string
	start, end int
}

// parser reads tokens the way CoreDNS does.
type parser struct {
	tokens []token
	pos    int // of the next token
}

func parse(text string) (corefile, error) {
	tokens, comments, err := lex(text)
	if err != nil {
		return corefile{}, err
	}
	p := &parser{tokens: tokens}
	f := corefile{comments: comments, snippets: map[string][]directive{}}
	for p.pos < len(p.tokens) {
		if p.is("import") {
			pattern, err := p.importPattern()
			if err != nil {
				return corefile{}, err
			}
			f.imports = append(f.imports, pattern)
			continue
		}
		b, err := p.block()
		if err != nil {
			return corefile{}, err
		}
		if name, ok := b.snippet(); ok {
			f.snippets[name] = b.directives
		}
		f.blocks = append(f.blocks, b)
	}
	return f, nil
}

func (p *parser) is(text string) bool { return p.pos < len(p.tokens) && p.tokens[p.pos].text == text }

// newLine says whether the next token is the first of a line.
func (p *parser) newLine() bool {
	if p.pos == 0 {
		return true
	}
	before := p.tokens[p.pos-1]
	return before.line+strings.Count(before.text, "\n") < p.tokens[p.pos].line
}

func (p *parser) errorf(format string, a ...any) error {
	at := p.tokens[min(p.pos, len(p.tokens)-1)]
	return fmt.Errorf("line %d: %w", at.line, fmt.Errorf(format, a...))
}

var errEnds = errors.New("the file ends within a server block")

func (p *parser) importPattern() (string, error) {
	p.pos++
	if p.pos == len(p.tokens) || p.newLine() {
		p.pos--
		return "", p.errorf("import of nothing")
	}
	pattern := p.tokens[p.pos].text
	p.pos++
	if p.pos < len(p.tokens) && !p.newLine() {
		return "", p.errorf("import of more than one thing")
	}
	return pattern, nil
}

func (p *parser) block() (serverBlock, error) {
	b := serverBlock{line: p.tokens[p.pos].line, start: p.tokens[p.pos].start}
	if err := p.keys(&b); err != nil {
		return b, err
	}
	if b.braces = p.is("{"); b.braces {
		p.pos++
	}
	if _, ok := b.snippet(); ok {
		return b, p.snippet(&b)
	}
	return b, p.directives(&b)
}

// directives reads what is in a block, and its closing brace.
func (p *parser) directives(b *serverBlock) error {
	for {
		switch {
		case p.pos == len(p.tokens) && b.braces:
			return p.errorf("%w", errEnds)
		case p.pos == len(p.tokens):
			b.end = p.tokens[p.pos-1].end
			return nil
		case p.is("}"):
			b.end = p.tokens[p.pos].end
			p.pos++
			return nil
		case p.is("import"):
			d := directive{name: "import", start: p.tokens[p.pos].start}
			pattern, err := p.importPattern()
			if err != nil {
				return err
			}
			d.args, d.end = []string{pattern}, p.tokens[p.pos-1].end
			b.directives = append(b.directives, d)
		default:
			d, err := p.directive()
			if err != nil {
				return err
			}
			b.directives = append(b.directives, d)
		}
	}
}

// snippet reads over all up to the closing brace: what is in a snippet need not make sense before it is imported. If it
// does, its directives are known.
func (p *parser) snippet(b *serverBlock) error {
	if !b.braces {
		return p.errorf("a snippet without braces")
	}
	first := p.pos
	for nesting := 1; p.pos < len(p.tokens); p.pos++ {
		switch {
		case p.is("{"):
			nesting++
		case p.is("}"):
			nesting--
		}
		if nesting == 0 {
			b.end = p.tokens[p.pos].end
			p.pos++
			inner := serverBlock{braces: true}
			if err := (&parser{tokens: p.tokens[first:p.pos]}).directives(&inner); err == nil {
				b.directives = inner.directives
			}
			return nil
		}
	}
	return p.errorf("%w", errEnds)
}

// keys reads what the block serves. A comma at the end of a key goes on in the next line.
func (p *parser) keys(b *serverBlock) error {
	another := false
	for first := true; p.pos < len(p.tokens); first = false {
		text := p.tokens[p.pos].text
		switch {
		case text == "{" && another:
			return p.errorf("no address between a comma and %q", "{")
		case text == "{":
			return nil
		case !first && !another && p.newLine():
			return nil
		case text == "import" && p.newLine():
			return p.errorf("import among addresses")
		}
		if another = len(text) > 0 && text[len(text)-1] == ','; another {
			text = text[:len(text)-1]
		}
		if text != "" {
			b.keys = append(b.keys, text)
		}
		p.pos++
	}
	if another {
		return p.errorf("an address without the next one behind its comma")
	}
	return nil
}

func (p *parser) directive() (directive, error) {
	first := p.tokens[p.pos]
	d := directive{name: first.text, start: first.start}
	nesting := 0
	for p.pos++; p.pos < len(p.tokens); p.pos++ {
		switch t := p.tokens[p.pos]; {
		case t.text == "{":
			nesting++
		case nesting == 0 && p.newLine():
			d.end = p.tokens[p.pos-1].end
			return d, nil
		case t.text == "}" && nesting == 0:
			return d, p.errorf("%q without its counterpart", "}")
		case t.text == "}":
			nesting--
		case nesting == 0:
			d.args = append(d.args, t.text)
		}
	}
	if nesting > 0 {
		return d, p.errorf("%w", errEnds)
	}
	d.end = p.tokens[p.pos-1].end
	return d, nil
}

// snippet is the name of the snippet that the block is, if it is one.
func (b serverBlock) snippet() (string, bool) {
	if len(b.keys) != 1 {
		return "", false
	}
	if k := b.keys[0]; len(k) > 1 && k[0] == '(' && k[len(k)-1] == ')' {
		return k[1 : len(k)-1], true
	}
	return "", false
}
