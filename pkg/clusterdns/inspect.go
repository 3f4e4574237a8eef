package clusterdns

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Corefile is what a cluster's Corefile says of the server that answers for the cluster's own Services.
type Corefile struct {
	Domains []string // of the cluster, those for addresses left out
	Port    string   // of that server; empty where the Corefile leaves it to CoreDNS
	Bind    []string // its lines that say which addresses it listens on, as they are
	Reload  bool     // CoreDNS looks for changes of its Corefile
	Imports []string // files that are read as if they were part of it, outside all server blocks
	Owners  []Owner  // whose blocks are in it
}

// ReadCorefile tells what there is to know for a block. That no server block has the plug-in kubernetes is an error:
// whatever this file is, it is not what answers for the cluster.
func ReadCorefile(text string) (Corefile, error) {
	f, err := parse(text)
	if err != nil {
		return Corefile{}, fmt.Errorf("read the Corefile: %w", err)
	}
	c := Corefile{Imports: f.imports}
	for _, m := range f.marks() {
		if m.begins && !slices.Contains(c.Owners, m.owner) {
			c.Owners = append(c.Owners, m.owner)
		}
	}
	found := false
	for _, b := range f.blocks {
		if _, snippet := b.snippet(); snippet {
			continue
		}
		directives := f.expand(b.directives)
		c.Reload = c.Reload || has(directives, "reload")
		if found || !has(directives, "kubernetes") {
			continue
		}
		found = true
		c.Domains = domains(b.keys, directives)
		c.Port = port(b.keys, c.Domains)
		for _, d := range directives {
			if d.name == "bind" {
				c.Bind = append(c.Bind, text[d.start:d.end])
			}
		}
	}
	if !found {
		return Corefile{}, fmt.Errorf("no server block of the Corefile has the plug-in %q", "kubernetes")
	}
	return c, nil
}

// expand puts the contents of snippets where they are imported. What comes from files stays away.
func (f corefile) expand(directives []directive) []directive {
	return f.expandOnce(directives, nil)
}

// expandOnce leaves out what is being expanded: CoreDNS refuses a snippet within itself.
func (f corefile) expandOnce(directives []directive, within []string) []directive {
	var all []directive
	for _, d := range directives {
		if d.name != "import" {
			all = append(all, d)
			continue
		}
		if name := d.args[0]; !slices.Contains(within, name) {
			all = append(all, f.expandOnce(f.snippets[name], append(within, name))...)
		}
	}
	return all
}

func has(directives []directive, name string) bool {
	return slices.ContainsFunc(directives, func(d directive) bool { return d.name == name })
}

// domains are those that the plug-in kubernetes answers for: its arguments, without any those of its server block.
func domains(keys []string, directives []directive) []string {
	var zones []string
	for _, d := range directives {
		if d.name == "kubernetes" {
			zones = append(zones, d.args...)
		}
	}
	if len(zones) == 0 {
		zones = keys
	}
	var names []string
	for _, z := range zones {
		name := address(z).zone
		if isSubdomain(name) && !strings.HasSuffix(name, ".arpa") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// port is that of the key which has the first of the domains beneath it; the first key's where none has.
func port(keys, domains []string) string {
	for _, k := range keys {
		a := address(k)
		if len(domains) > 0 && a.scheme == "dns" && (a.zone == "" || domains[0] == a.zone || strings.HasSuffix(domains[0], "."+a.zone)) {
			return a.port
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return address(keys[0]).port
}

// listen is what a key of a server block says.
type listen struct {
	scheme string
	zone   string // lower case, without a dot at its end; empty for the root
	port   string
}

func address(key string) listen {
	a := listen{scheme: "dns", zone: key}
	if scheme, rest, ok := strings.Cut(key, "://"); ok {
		a.scheme, a.zone = strings.ToLower(scheme), rest
	}
	if i := strings.LastIndexByte(a.zone, ':'); i >= 0 {
		if _, err := strconv.ParseUint(a.zone[i+1:], 10, 16); err == nil {
			a.zone, a.port = a.zone[:i], a.zone[i+1:]
		}
	}
	a.zone = strings.ToLower(strings.TrimSuffix(a.zone, "."))
	return a
}
