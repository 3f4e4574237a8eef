package fakeapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// content is what a client wrote. It does not change, so that objects of several APIs share it.
type content struct {
	namespace, name string
	labels          map[string]string
	annotations     map[string]string
	uid, version    string // preconditions that the body has in it

	metadata string // members of metadata that a client may set, as JSON, each with a comma before it
	top      string // all other members but kind, apiVersion and status, likewise
	status   json.RawMessage
	fields   string // FieldsV1
}

// mostParsed is how many bodies are remembered until all are forgotten.
const mostParsed = 200_000

// Parsed remembers what bodies say. The zero Parsed is ready.
type Parsed struct {
	mu     sync.Mutex
	bodies map[string]*content
}

// of returns what the body says.
func (p *Parsed) of(body []byte) (*content, error) {
	p.mu.Lock()
	c := p.bodies[string(body)]
	p.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c, err := parse(body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bodies == nil || len(p.bodies) >= mostParsed {
		p.bodies = map[string]*content{}
	}
	p.bodies[string(body)] = c
	return c, nil
}

// withoutPrecondition takes the precondition out of a body that has it in so many bytes, so that bodies of one template are the same for all
// clusters.
func withoutPrecondition(body []byte, precondition string) ([]byte, bool) {
	at := bytes.Index(body, []byte(precondition))
	if at < 0 {
		return body, false
	}
	return append(body[:at:at], body[at+len(precondition):]...), true
}

// serverSet are the members of metadata that a server sets.
var serverSet = []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "name", "namespace"}

func parse(body []byte) (*content, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, fmt.Errorf("the body is no JSON object: %w", err)
	}
	var meta struct {
		Namespace       string            `json:"namespace"`
		Name            string            `json:"name"`
		UID             string            `json:"uid"`
		ResourceVersion string            `json:"resourceVersion"`
		Labels          map[string]string `json:"labels"`
		Annotations     map[string]string `json:"annotations"`
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(whole["metadata"], &meta); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if err := json.Unmarshal(whole["metadata"], &raw); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	c := &content{
		namespace: meta.Namespace, name: meta.Name, uid: meta.UID, version: meta.ResourceVersion,
		labels: meta.Labels, annotations: meta.Annotations, status: whole["status"],
	}
	for _, name := range serverSet {
		delete(raw, name)
	}
	c.metadata = members(raw)
	for _, name := range []string{"kind", "apiVersion", "metadata", "status"} {
		delete(whole, name)
	}
	c.top = members(whole)
	fields, err := fieldsOf(raw, whole)
	if err != nil {
		return nil, err
	}
	c.fields = fields
	return c, nil
}

// members writes the members of an object in the order of their names, each with a comma before it.
func members(object map[string]json.RawMessage) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(object)) {
		b.WriteString(`,"` + name + `":`)
		b.Write(object[name])
	}
	return b.String()
}
