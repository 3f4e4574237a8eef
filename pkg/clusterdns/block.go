package clusterdns

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ErrServed is returned when somebody else's server block has the federation's domain.
var ErrServed = errors.New("the domain is served already")

// Block is the server block by which CoreDNS forwards a federation's names to its resolver.
type Block struct {
	Owner
	ClusterDomain string   // like "cluster.local"
	Port          string   // that of Corefile
	Bind          []string // those of Corefile
	Upstream      string   // address of the resolver
}

// String is the block as it is written, marks included, without the end of its last line.
func (b Block) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s%s: names of federation %s. Written by fedhelm join, removed by fedhelm unjoin.\n", beginMark, b.Owner, b.Federation)
	s.WriteString(b.Domain(b.ClusterDomain))
	if b.Port != "" {
		s.WriteString(":" + b.Port)
	}
	s.WriteString(" {\n")
	for _, line := range b.Bind {
		s.WriteString("    " + line + "\n")
	}
	fmt.Fprintf(&s, "    errors\n    cache 30\n    forward . %s\n}\n%s%s", b.Upstream, endMark, b.Owner)
	return s.String()
}

func (b Block) validate() error {
	if err := b.Owner.validate(); err != nil {
		return err
	}
	if !isSubdomain(b.ClusterDomain) {
		return fmt.Errorf("cluster domain %q is no domain", b.ClusterDomain)
	}
	if _, err := strconv.ParseUint(b.Port, 10, 16); b.Port != "" && err != nil {
		return fmt.Errorf("port %q is no port", b.Port)
	}
	if _, err := netip.ParseAddr(b.Upstream); err != nil {
		return fmt.Errorf("upstream %q is no IP address", b.Upstream)
	}
	return nil
}

// AddBlock returns the Corefile with the block at its end or, where the owner has one already, in that one's place.
// It fails with ErrDamaged or ErrServed, or when text is nothing that a block can be added to.
func AddBlock(text string, b Block) (string, error) {
	if err := b.validate(); err != nil {
		return "", fmt.Errorf("block %s: %w", b.Owner, err)
	}
	f, err := parse(text)
	if err != nil {
		return "", fmt.Errorf("read the Corefile: %w", err)
	}
	at, err := f.find(text, b.Owner)
	if err != nil {
		return "", err
	}
	if err := f.free(b.Domain(b.ClusterDomain), at); err != nil {
		return "", err
	}
	return f.put(text, at, b.String())
}

// RestoreBlock puts what FindBlock returned back in the place of the owner's block.
func RestoreBlock(text string, owner Owner, block string) (string, error) {
	f, err := parse(text)
	if err != nil {
		return "", fmt.Errorf("read the Corefile: %w", err)
	}
	at, err := f.find(text, owner)
	if err != nil {
		return "", err
	}
	return f.put(text, at, block)
}

// put ends a last line without an end before it appends, and leaves its own last line without one instead: that is
// how RemoveBlock knows.
func (f corefile) put(text string, at *span, block string) (string, error) {
	if at != nil {
		return text[:at.start] + block + text[at.end:], nil
	}
	for _, b := range f.blocks {
		if !b.braces {
			return "", fmt.Errorf("the Corefile's server block of line %d has no braces, so there can be no other beside it: put its plug-ins into braces", b.line)
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		return text + "\n" + block, nil
	}
	return text + block + "\n", nil
}

// free makes sure that no server block but the one at the span has the domain.
func (f corefile) free(domain string, except *span) error {
	marks := f.marks()
	for _, b := range f.blocks {
		if except != nil && b.start > except.start && b.end < except.end {
			continue
		}
		for _, key := range b.keys {
			if address(key).zone != domain {
				continue
			}
			whose := "put there by somebody else"
			for _, m := range marks {
				if m.begins && m.start < b.start {
					whose = fmt.Sprintf("below the mark of federation %s", m.owner)
				}
			}
			return fmt.Errorf("%w: %s has a server block in line %d of the Corefile, %s", ErrServed, domain, b.line, whose)
		}
	}
	return nil
}

// RemoveBlock returns the Corefile without the owner's block: what it was before AddBlock. A Corefile without one is
// returned as it is. It fails with ErrDamaged, or when the text cannot be read.
func RemoveBlock(text string, owner Owner) (string, error) {
	f, err := parse(text)
	if err != nil {
		return "", fmt.Errorf("read the Corefile: %w", err)
	}
	at, err := f.find(text, owner)
	if err != nil || at == nil {
		return text, err
	}
	before, after := text[:at.start], text[at.end:]
	if after == "" {
		return strings.TrimSuffix(before, "\n"), nil
	}
	return before + strings.TrimPrefix(strings.TrimPrefix(after, "\r"), "\n"), nil
}

// FindBlock returns the owner's block as it is in the text; an empty string where there is none.
func FindBlock(text string, owner Owner) (string, error) {
	f, err := parse(text)
	if err != nil {
		return "", fmt.Errorf("read the Corefile: %w", err)
	}
	at, err := f.find(text, owner)
	if err != nil || at == nil {
		return "", err
	}
	return text[at.start:at.end], nil
}
