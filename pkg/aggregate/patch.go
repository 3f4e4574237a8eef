package aggregate

import (
	"encoding/json"
	"reflect"
)

// fields is a status as its JSON has it.
func fields(status any) (map[string]any, error) {
	raw, err := json.Marshal(status)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	err = json.Unmarshal(raw, &m)
	return m, err
}

// difference is the JSON merge patch that makes wanted of current. What is no object is replaced as a whole.
func difference(current, wanted map[string]any) map[string]any {
	patch := map[string]any{}
	for name := range current {
		if _, stays := wanted[name]; !stays {
			patch[name] = nil
		}
	}
	for name, w := range wanted {
		c, there := current[name]
		if there && reflect.DeepEqual(c, w) {
			continue
		}
		before, isObject := c.(map[string]any)
		after, willBe := w.(map[string]any)
		if isObject && willBe {
			w = difference(before, after)
		}
		patch[name] = w
	}
	return patch
}
