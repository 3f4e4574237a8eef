package fieldset

import (
	"encoding/json"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Whatever a server or a source says, nothing panics; and what covers a body covers it in whichever order its fields are written.
func FuzzCovers(f *testing.F) {
	for _, fields := range []string{
		marked + `"f:spec":{"f:a":{},"f:list":{"k:{\"name\":\"b\",\"port\":1}":{".":{},"f:name":{}}},"f:set":{"v:\"a\"":{},"v:3":{}},"f:by":{"i:0":{}}}}`,
		`{"f:metadata":{`, `{".":{},"k:":{},"v:":{},"i:x":{},"f:":{},"q":{"r:s":{}}}`, `{"f:spec":{"k:{":{},"k:[1]":{},"v:{}":{}}}`,
	} {
		for _, body := range []string{
			builtInKind + `"spec":{"a":1,"list":[{"name":"b","port":1}],"set":["a",3],"by":[null]}}`,
			customKind + `"spec":{"a":{"b":[]},"list":[{"name":"b"},{"name":"b"},[],1]}}`,
			`{"apiVersion":1,"spec":[1,{"":""}]}`, `{"spec":{"list":[{"name":"\u00`, `{"apiVersion":"`,
		} {
			f.Add([]byte(fields), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, fields, body []byte) {
		covered, err := Covers(fields, body)
		Digest(fields)
		entries := []metav1.ManagedFieldsEntry{entryOf("us", apply, "", string(fields)), entryOf("them", update, "", marked+`"f:spec":{"f:a":{},"f:list":{}}}`)}
		contesters, contestErr := Contesters(entries, "us", body)
		ReplicasOwner(entries, "them")
		if err != nil || !json.Valid(fields) || !json.Valid(body) {
			return
		}
		if covered && (contestErr != nil || len(contesters) > 0) {
			t.Errorf("all is covered, and contested by %v, %v", contesters, contestErr)
		}
		var o map[string]any
		if json.Unmarshal(body, &o) != nil || numbersChange(o, body) {
			return
		}
		sorted, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Covers(fields, sorted); covered && (err != nil || !again) {
			t.Errorf("covered is %s, and not %s: %v", body, sorted, err)
		}
	})
}

// numbersChange tells whether an object that was decoded is not the one that was written: the same number in other words, a name twice.
func numbersChange(o map[string]any, body []byte) bool {
	again, err := json.Marshal(o)
	if err != nil {
		return true
	}
	var compact, plain any
	return json.Unmarshal(body, &compact) != nil || json.Unmarshal(again, &plain) != nil || len(again) > len(body)
}
