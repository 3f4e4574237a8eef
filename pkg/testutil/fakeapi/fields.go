package fakeapi

import (
	"encoding/json"
	"fmt"
)

// listKeys are the fields by which Kubernetes tells the items of lists apart; other lists are owned as a whole.
var listKeys = map[string][][]string{
	"containers":       {{"name"}},
	"initContainers":   {{"name"}},
	"env":              {{"name"}},
	"volumes":          {{"name"}},
	"volumeMounts":     {{"mountPath"}},
	"imagePullSecrets": {{"name"}},
	"ports":            {{"containerPort", "protocol"}, {"port", "protocol"}},
}

// fieldsOf is the FieldsV1 of what a client wrote.
func fieldsOf(metadata, top map[string]json.RawMessage) (string, error) {
	all := map[string]any{}
	for name, raw := range top {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		all["f:"+name] = owned(name, value)
	}
	if len(metadata) > 0 {
		of := map[string]any{}
		for name, raw := range metadata {
			var value any
			if err := json.Unmarshal(raw, &value); err != nil {
				return "", fmt.Errorf("metadata.%s: %w", name, err)
			}
			of["f:"+name] = owned(name, value)
		}
		all["f:metadata"] = of
	}
	encoded, err := json.Marshal(all)
	return string(encoded), err
}

// owned is the set of fields of a value; an empty one stands for all of it.
func owned(name string, value any) map[string]any {
	set := map[string]any{}
	switch v := value.(type) {
	case map[string]any:
		for member, inner := range v {
			set["f:"+member] = owned(member, inner)
		}
	case []any:
		for _, item := range v {
			key, ok := keyOf(name, item)
			if !ok {
				return map[string]any{}
			}
			fields := owned("", item)
			fields["."] = map[string]any{}
			set[key] = fields
		}
	}
	return set
}

// keyOf is how an item of a list is called; ok is false if the list is owned as a whole.
func keyOf(list string, item any) (key string, ok bool) {
	object, _ := item.(map[string]any)
	for _, names := range listKeys[list] {
		key := map[string]any{}
		for _, name := range names {
			if value, has := object[name]; has {
				key[name] = value
			} else if name == "protocol" {
				key[name] = "TCP"
			}
		}
		if len(key) == len(names) {
			encoded, err := json.Marshal(key)
			return "k:" + string(encoded), err == nil
		}
	}
	return "", false
}

// without takes the leaves of lost out of a set of fields, and what is empty then.
func without(set, lost map[string]any) {
	for name, inner := range lost {
		mine, ok := set[name].(map[string]any)
		if !ok {
			continue
		}
		theirs, _ := inner.(map[string]any)
		if len(theirs) > 0 && len(mine) > 0 {
			without(mine, theirs)
		}
		if len(theirs) == 0 || len(mine) == 0 {
			delete(set, name)
		}
	}
}
