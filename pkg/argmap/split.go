package argmap

import (
	"fmt"
	"strings"
)

// split cuts s at the commas outside quotes and takes quotes and escapes away.
// Blanks around a part and around its "=" go, unless they are quoted.
func split(s string) ([]string, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var (
		parts []string
		part  builder
		quote rune
	)
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case r == '\\' && quote != '\'' && i+1 < len(runes) && strings.ContainsRune(`,"'\`, runes[i+1]):
			i++
			part.add(runes[i], true)
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
			part.opened()
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && r == ',':
			parts = append(parts, part.done())
		default:
			part.add(r, quote != 0)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("wrong format for override arg: %s, a quote (%c) is not closed", s, quote)
	}
	return append(parts, part.done()), nil
}

// builder collects one part. Blanks wait until it is known whether something follows them.
type builder struct {
	text   strings.Builder
	blanks strings.Builder
	valued bool // the first "=" is behind us
	kept   bool // something that is not to be trimmed stands before: blanks count from here
}

func (b *builder) add(r rune, quoted bool) {
	if !quoted && (r == ' ' || r == '\t' || r == '\n') {
		if b.kept {
			b.blanks.WriteRune(r)
		}
		return
	}
	if r == '=' && !b.valued {
		b.valued, b.kept = true, false
		b.blanks.Reset() // those before the "="
		b.text.WriteRune(r)
		return
	}
	b.opened()
	b.text.WriteRune(r)
}

// opened notes that something quoted or visible stands here.
func (b *builder) opened() {
	b.text.WriteString(b.blanks.String())
	b.blanks.Reset()
	b.kept = true
}

func (b *builder) done() string {
	s := b.text.String()
	*b = builder{}
	return s
}
