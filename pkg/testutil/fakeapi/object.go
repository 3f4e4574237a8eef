package fakeapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// The operations of managedFields.
const (
	apply  = "Apply"
	update = "Update"
)

// object is one that is there. It does not change: a write puts another in its place.
type object struct {
	*content
	number     uint64 // in its UID
	version    uint64
	generation int64
	created    int64 // seconds
	status     json.RawMessage
	managed    []managed
}

// managed is who set which fields.
type managed struct {
	manager, operation string
	fields             string
	at                 int64
}

// Object is how an object looks to whoever set up the API.
type Object struct {
	Namespace, Name string
	UID             types.UID
	ResourceVersion string
	Generation      int64
	Labels          map[string]string // not to be changed, as all that follows
	Annotations     map[string]string
	Body            json.RawMessage // its members beside kind, apiVersion, metadata and status: an object
	Status          json.RawMessage
}

func (a *API) uid(o *object) string { return fmt.Sprintf("%08x-fa4e-4a91-8000-%012x", a.id, o.number) }

func (a *API) shown(o *object) Object {
	body := "{}"
	if o.top != "" {
		body = "{" + o.top[1:] + "}"
	}
	return Object{
		Namespace: o.namespace, Name: o.name, UID: types.UID(a.uid(o)), ResourceVersion: strconv.FormatUint(o.version, 10), Generation: o.generation,
		Labels: o.labels, Annotations: o.annotations, Body: json.RawMessage(body), Status: o.status,
	}
}

// appendObject appends the object, or its metadata alone, as JSON.
func (a *API) appendObject(b []byte, k kinds.Kind, o *object, metadataOnly bool) []byte {
	kind, apiVersion := k.Kind, k.GroupVersionKind().GroupVersion().String()
	if metadataOnly {
		kind, apiVersion = "PartialObjectMetadata", "meta.k8s.io/v1"
	}
	b = append(b, `{"kind":"`+kind+`","apiVersion":"`+apiVersion+`","metadata":{"name":"`+o.name+`"`...)
	if o.namespace != "" {
		b = append(b, `,"namespace":"`+o.namespace+`"`...)
	}
	b = append(b, `,"uid":"`...)
	b = append(b, a.uid(o)...)
	b = append(b, `","resourceVersion":"`...)
	b = strconv.AppendUint(b, o.version, 10)
	b = append(b, '"')
	if k.Status {
		b = append(b, `,"generation":`...)
		b = strconv.AppendInt(b, o.generation, 10)
	}
	b = append(b, `,"creationTimestamp":"`...)
	b = appendTime(b, o.created)
	b = append(b, '"')
	b = append(b, o.metadata...)
	b = append(b, `,"managedFields":[`...)
	for i, m := range o.managed {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"manager":"`+m.manager+`","operation":"`+m.operation+`","apiVersion":"`+k.GroupVersionKind().GroupVersion().String()+`","time":"`...)
		b = appendTime(b, m.at)
		b = append(b, `","fieldsType":"FieldsV1","fieldsV1":`+m.fields+"}"...)
	}
	b = append(b, "]}"...)
	if !metadataOnly {
		b = append(b, o.top...)
		if len(o.status) > 0 {
			b = append(b, `,"status":`...)
			b = append(b, o.status...)
		}
	}
	return append(b, '}')
}

func appendTime(b []byte, seconds int64) []byte {
	return time.Unix(seconds, 0).UTC().AppendFormat(b, time.RFC3339)
}

// decoded is the object as a client would see it, to be changed.
func (a *API) decoded(k kinds.Kind, o *object) (map[string]any, error) {
	var decoded map[string]any
	err := json.Unmarshal(a.appendObject(nil, k, o, false), &decoded)
	return decoded, err
}

// fullName is how messages call it.
func (r request) fullName() string { return strings.TrimPrefix(r.namespace+"/"+r.name, "/") }
