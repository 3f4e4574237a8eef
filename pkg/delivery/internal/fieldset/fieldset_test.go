package fieldset

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	builtInKind = `{"apiVersion":"apps/v1","kind":"X","metadata":{"name":"x","namespace":"y","uid":"1","labels":{"a":"b"}},`
	customKind  = `{"apiVersion":"example.com/v1","kind":"X","metadata":{"name":"x","resourceVersion":"1","labels":{"a":"b"}},`
	marked      = `{"f:metadata":{"f:labels":{"f:a":{}}},`
)

func TestCovers(t *testing.T) {
	tests := []struct {
		name   string
		fields string // after metadata
		body   string
		custom bool
		want   bool
	}{
		{"all that is said is owned", `"f:spec":{"f:replicas":{},"f:paused":{}}}`, `"spec":{"replicas":3}}`, false, true},
		{"a field that somebody took", `"f:spec":{"f:paused":{}}}`, `"spec":{"replicas":3}}`, false, false},
		{"all that was in a struct is gone", `"f:data":{}}`, `"spec":{"a":{"b":1}},"data":{"c":"d"}}`, false, false},
		{"nothing can be taken from null", `"f:spec":{"f:a":{}}}`, `"spec":{"a":1,"creationTimestamp":null}}`, false, true},
		{"what is atomic is owned as a whole", `"f:spec":{"f:selector":{},"f:args":{}}}`, `"spec":{"selector":{"matchLabels":{"a":"b"}},"args":["a","b"]}}`, false, true},
		{"of a custom kind a map may have lost all", `"f:spec":{"f:selector":{}}}`, `"spec":{"selector":{"a":"b"}}}`, true, false},
		{"but a struct beside it tells that it has not", `"f:spec":{"f:selector":{},"f:other":{"f:a":{}}}}`, `"spec":{"selector":{"a":"b"},"other":{"a":1}}}`, true, true},
		{"and a map beside it that it may have", `"f:spec":{"f:selector":{},"f:other":{".":{},"f:a":{}}}}`, `"spec":{"selector":{"a":"b"},"other":{"a":1}}}`, true, false},
		{"an item is found by its keys", `"f:list":{"k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}},"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:v":{}}}}`, `"list":[{"v":1,"name":"a"},{"name":"b","v":2}]}`, false, true},
		{"an item that lost a field", `"f:list":{"k:{\"name\":\"b\"}":{".":{},"f:name":{},"f:v":{}},"k:{\"name\":\"a\"}":{".":{},"f:name":{}}}}`, `"list":[{"v":1,"name":"a"},{"name":"b","v":2}]}`, false, false},
		{"an item that is gone", `"f:list":{"k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}`, `"list":[{"name":"a"},{"name":"b"}]}`, false, false},
		{"a key may have been filled in", `"f:list":{"k:{\"port\":53,\"protocol\":\"TCP\"}":{".":{},"f:port":{}},"k:{\"port\":53,\"protocol\":\"UDP\"}":{".":{},"f:port":{},"f:protocol":{}}}}`,
			`"list":[{"port":53},{"port":53,"protocol":"UDP"}]}`, false, true},
		{"which is not what another item has", `"f:list":{"k:{\"port\":53,\"protocol\":\"UDP\"}":{".":{},"f:port":{},"f:protocol":{}}}}`,
			`"list":[{"port":53},{"port":53,"protocol":"UDP"}]}`, false, false},
		{"items of one field may be owned as a whole", `"f:list":{"k:{\"name\":\"a\"}":{}}}`, `"list":[{"name":"a","namespace":"b"}]}`, false, true},
		{"of a custom kind only if they are no more than keys", `"f:list":{"k:{\"name\":\"a\"}":{}}}`, `"list":[{"name":"a"}]}`, true, true},
		{"and may have lost the rest", `"f:list":{"k:{\"type\":\"a\"}":{}}}`, `"list":[{"type":"a","weight":5}]}`, true, false},
		{"values of a set", `"f:list":{"v:\"a\"":{},"v:\"b\"":{},"v:3":{}}}`, `"list":["b","a",3]}`, false, true},
		{"a value that is gone", `"f:list":{"v:\"a\"":{}}}`, `"list":["a","b"]}`, false, false},
		{"places of a list", `"f:list":{"i:0":{},"i:1":{"f:a":{}}}}`, `"list":[1,{"a":2}]}`, false, true},
		{"a place that is gone", `"f:list":{"i:0":{}}}`, `"list":[1,2]}`, false, false},
		{"keys are compared as they are meant", `"f:list":{"k:{\"name\":\"\\u003ca\\\"\"}":{".":{},"f:name":{}}},"f:\u003cb":{}}`, `"list":[{"name":"<a\""}],"<b":1}`, false, true},
		{"no list where one was", `"f:list":{"f:a":{}}}`, `"list":[1]}`, false, false},
		{"no object where one was", `"f:list":{"v:1":{}}}`, `"list":{"a":1}}`, false, false},
		{"an empty object is there", `"f:volume":{"f:emptyDir":{}}}`, `"volume":{"emptyDir":{}}}`, true, true},
		{"an empty object is gone", `"f:volume":{"f:name":{}}}`, `"volume":{"emptyDir":{},"name":"a"}}`, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := builtInKind
			if tt.custom {
				kind = customKind
			}
			got, err := Covers([]byte(marked+tt.fields), []byte(kind+tt.body))
			if err != nil || got != tt.want {
				t.Errorf("Covers = %v, %v; want %v", got, err, tt.want)
			}
			if got, _ := Covers([]byte(strings.Replace(marked, "f:a", "f:other", 1)+tt.fields), []byte(kind+tt.body)); got {
				t.Error("Covers although the label is not ours")
			}
		})
	}
}

func TestCoversOfWhatCannotBeRead(t *testing.T) {
	good := marked + `"f:spec":{}}`
	tests := []struct{ name, fields, body string }{
		{"no fields", ``, builtInKind + `"spec":{}}`},
		{"fields that end early", `{"f:metadata":{`, builtInKind + `"spec":{}}`},
		{"fields that do not end there", good + `x`, builtInKind + `"spec":{}}`},
		{"no body", good, ``},
		{"a body that ends early", good, builtInKind + `"spec":{`},
		{"a body without commas", good, `{"kind":"a" "spec":{}}`},
		{"fields that are nested without end", strings.Repeat(`{"f:a":`, 100000), builtInKind + `"spec":{}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Covers([]byte(tt.fields), []byte(tt.body)); err == nil || got {
				t.Errorf("Covers = %v, %v; want an error", got, err)
			}
		})
	}
}

func entryOf(manager string, operation metav1.ManagedFieldsOperationType, subresource, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager: manager, Operation: operation, Subresource: subresource,
		FieldsV1: metav1.NewFieldsV1(fields),
	}
}

const (
	apply  = metav1.ManagedFieldsOperationApply
	update = metav1.ManagedFieldsOperationUpdate
)

func TestOurs(t *testing.T) {
	entries := []metav1.ManagedFieldsEntry{
		{Manager: "us", Operation: apply},
		entryOf("them", apply, "", `{"f:a":{}}`), entryOf("us", update, "", `{"f:b":{}}`), entryOf("us", apply, "status", `{"f:c":{}}`),
	}
	if got, ok := Ours(entries, "us"); ok {
		t.Errorf("Ours = %s; want nothing", got)
	}
	entries = append(entries, entryOf("us", apply, "", `{"f:d":{}}`))
	if got, ok := Ours(entries, "us"); !ok || string(got) != `{"f:d":{}}` {
		t.Errorf("Ours = %s, %v", got, ok)
	}
}

func TestDigest(t *testing.T) {
	const fields = `{"f:spec":{"f:a":{},"k:{\"name\":\"b\"}":{".":{},"f:c":{}}},"f:data":{}}`
	const reordered = `{"f:data": {}, "f:spec":{"k:{\"name\":\"b\"}":{"f:c":{},".":{}},"f:a":{}}}`
	if Digest([]byte(fields)) != Digest([]byte(reordered)) {
		t.Error("the order counts")
	}
	if got := Digest([]byte(`{"f:a":{}}`)); got != 0x274c42496b42a74f {
		t.Errorf("the digest has become %#x", got)
	}
	others := []string{
		``, `{}`, `x`, `{"f:a":{}}`, `{"f:a":{},"f:b":{}}`, `{"f:a":{"f:b":{}}}`, `{"f:b":{"f:a":{}}}`, `{"f:a":{"f:b":{}},"f:c":{}}`, `{"f:c":{"f:b":{}},"f:a":{}}`,
		strings.Replace(fields, `"f:a":{},`, "", 1), strings.Replace(fields, `".":{},`, "", 1), fields,
	}
	seen := map[uint64]string{}
	for _, o := range others {
		d := Digest([]byte(o))
		if before, ok := seen[d]; ok {
			t.Errorf("%s and %s have the same digest", before, o)
		}
		seen[d] = o
	}
}

func TestContesters(t *testing.T) {
	const body = builtInKind + `"spec":{"replicas":3,"selector":{"a":"b"},"list":[{"name":"a","image":"b"},{"name":"c"}],"extra":{"x":1}}}`
	const all = `{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:list":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:image":{}},"k:{\"name\":\"c\"}":{".":{},"f:name":{}}},"f:extra":{"f:x":{}}}}`
	without := func(part string) string {
		if !strings.Contains(all, part) {
			t.Fatalf("%s is not in the fields", part)
		}
		return strings.Replace(all, part, "", 1)
	}
	tests := []struct {
		name, ours, theirs string
		want               bool
	}{
		{"nobody has what we have too", all, all, false},
		{"a field that we lost", without(`"f:replicas":{},`), `{"f:spec":{"f:replicas":{}}}`, true},
		{"a field of an item", without(`,"f:image":{}`), `{"f:spec":{"f:list":{"k:{\"name\":\"a\"}":{"f:image":{}}}}}`, true},
		{"all of a list", without(`"f:list":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:image":{}},"k:{\"name\":\"c\"}":{".":{},"f:name":{}}},`), `{"f:spec":{"f:list":{"k:{\"name\":\"a\"}":{"f:image":{}}}}}`, true},
		{"what is atomic", without(`"f:selector":{},`), `{"f:spec":{"f:selector":{}}}`, true},
		{"a label", without(`"f:labels":{"f:a":{}}`), `{"f:metadata":{"f:labels":{".":{},"f:a":{}}}}`, true},
		{"what we never had", without(`"f:replicas":{},`), `{"f:spec":{"f:paused":{}},"f:status":{"f:replicas":{}}}`, false},
		{"all that we say", `{"f:other":{}}`, all, true},
		{"what cannot be read", without(`"f:replicas":{},`), `{`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries := []metav1.ManagedFieldsEntry{
				entryOf("us", apply, "", tt.ours), entryOf("us", update, "", all), entryOf("bystander", update, "", `{"f:spec":{"f:paused":{}}}`),
				entryOf("kubectl", update, "", tt.theirs), entryOf("kubectl", apply, "", tt.theirs),
			}
			entries = slices.Delete(entries, 1, 2)
			var want []string
			if tt.want {
				want = []string{"kubectl"}
			}
			if got, err := Contesters(entries, "us", []byte(body)); err != nil || !slices.Equal(got, want) {
				t.Errorf("Contesters = %v, %v; want %v", got, err, want)
			}
		})
	}
}

func TestReplicasOwner(t *testing.T) {
	const replicas = `{"f:spec":{"f:replicas":{}}}`
	ours := entryOf("us", apply, "", replicas)
	kubectl := entryOf("kubectl", update, "", replicas)
	hpa := entryOf("kube-controller-manager", update, "scale", replicas)
	status := entryOf("kube-controller-manager", update, "status", `{"f:status":{"f:replicas":{}}}`)
	tests := []struct {
		name                 string
		entries              []metav1.ManagedFieldsEntry
		manager, subresource string
	}{
		{name: "nobody", entries: []metav1.ManagedFieldsEntry{ours, status, entryOf("broken", update, "", `{`)}},
		{name: "somebody", entries: []metav1.ManagedFieldsEntry{ours, kubectl}, manager: "kubectl"},
		{name: "an autoscaler comes first", entries: []metav1.ManagedFieldsEntry{ours, kubectl, hpa, status}, manager: "kube-controller-manager", subresource: "scale"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if manager, subresource := ReplicasOwner(tt.entries, "us"); manager != tt.manager || subresource != tt.subresource {
				t.Errorf("ReplicasOwner = %q, %q; want %q, %q", manager, subresource, tt.manager, tt.subresource)
			}
		})
	}
}
