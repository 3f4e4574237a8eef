package kubeconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// section says how one list of a kubeconfig file is laid out.
type section struct {
	list  string   // key of the list
	item  string   // key of the content of an element, beside its name
	owned []string // keys of the content that merging sets or drops; the user's other keys stay
}

var (
	clusters = section{"clusters", "cluster", []string{
		"server", "certificate-authority", "certificate-authority-data", "tls-server-name", "insecure-skip-tls-verify",
	}}
	users = section{"users", "user", []string{
		"client-certificate", "client-certificate-data", "client-key", "client-key-data", "token", "tokenFile",
		"username", "password", "auth-provider", "exec",
	}}
	contexts = section{"contexts", "context", []string{"cluster", "user"}}
)

// document is a kubeconfig file as its author wrote it. It is edited as YAML nodes and not through
// the typed API, which would lose comments, order and the fields that this version does not know.
type document struct {
	root    yaml.Node
	changed bool
}

func parseDocument(data []byte) (*document, error) {
	d := &document{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&d.root); {
	case errors.Is(err, io.EOF) || err == nil && d.top().Tag == "!!null":
		return newDocument(), nil
	case err != nil:
		return nil, err
	case d.top().Kind != yaml.MappingNode:
		return nil, errors.New("not a YAML mapping")
	}
	// Readers see the first document only; writing would lose the others.
	if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document in the file")
	}
	return d, nil
}

func newDocument() *document {
	d := &document{root: yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}}
	setKey(d.top(), "apiVersion", scalar("v1"))
	setKey(d.top(), "kind", scalar("Config"))
	return d
}

func (d *document) top() *yaml.Node { return d.root.Content[0] }

// set gives the element of s called name the content it has in c.
func (d *document) set(s section, name string, c *clientcmdapi.Config) error {
	data, err := clientcmd.Write(*c)
	if err != nil {
		return err
	}
	incoming, err := parseDocument(data)
	if err != nil {
		return err
	}
	want := incoming.element(s, name)
	have := d.element(s, name)
	if have == nil {
		list := lookup(d.top(), s.list)
		if list == nil || list.Kind != yaml.SequenceNode { // absent, or null as kubectl writes it
			list = &yaml.Node{Kind: yaml.SequenceNode}
			setKey(d.top(), s.list, list)
		}
		if len(list.Content) == 0 {
			list.Style = d.top().Style // not the flow style of an empty "[]"
		}
		list.Content = append(list.Content, want)
		d.changed = true
		return nil
	}
	from, to := lookup(want, s.item), lookup(have, s.item)
	if to == nil || to.Kind != yaml.MappingNode {
		setKey(have, s.item, from)
		d.changed = true
		return nil
	}
	for _, key := range s.owned {
		d.copyKey(from, to, key)
	}
	return nil
}

func (d *document) copyKey(from, to *yaml.Node, key string) {
	want, have := lookup(from, key), lookup(to, key)
	switch {
	case want == nil && have == nil, want != nil && have != nil && want.Value == have.Value:
		return
	case want == nil:
		dropKey(to, key)
	default:
		setKey(to, key, want)
	}
	d.changed = true
}

// remove takes the element of s called name out, if there is one.
func (d *document) remove(s section, name string) {
	list := lookup(d.top(), s.list)
	el := d.element(s, name)
	if el == nil {
		return
	}
	list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool { return n == el })
	d.changed = true
}

func (d *document) element(s section, name string) *yaml.Node {
	list := lookup(d.top(), s.list)
	if list == nil {
		return nil
	}
	for _, el := range list.Content {
		if n := lookup(el, "name"); n != nil && n.Value == name {
			return el
		}
	}
	return nil
}

func (d *document) setCurrentContext(name string) {
	const key = "current-context"
	if n := lookup(d.top(), key); n != nil && n.Value == name {
		return
	}
	setKey(d.top(), key, scalar(name))
	d.changed = true
}

func (d *document) bytes() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	enc.CompactSeqIndent() // as kubectl lays it out
	if err := enc.Encode(&d.root); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b.Bytes(), enc.Close()
}

// lookup returns the value of key in m, nil if there is none or m is no mapping.
func lookup(m *yaml.Node, key string) *yaml.Node {
	m = target(m)
	if m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return target(m.Content[i+1])
		}
	}
	return nil
}

func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func setKey(m *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content[i+1] = value
			return
		}
	}
	m.Content = append(m.Content, scalar(key), value)
}

func dropKey(m *yaml.Node, key string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content = slices.Delete(m.Content, i, i+2)
			return
		}
	}
}

func scalar(value string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(value)
	return n
}
