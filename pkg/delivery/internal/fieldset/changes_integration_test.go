//go:build integration

package fieldset_test

import (
	"encoding/json"
	"fmt"
	"slices"
)

// paths returns the paths of all that is below a value, but for what identifies the object.
func paths(v any, path []any) [][]any {
	var found [][]any
	if len(path) > 0 {
		found = append(found, slices.Clone(path))
	}
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			switch fmt.Sprint(append(path, name)) {
			case "[apiVersion]", "[kind]", "[metadata name]", "[metadata namespace]":
			default:
				found = append(found, paths(below, append(path, name))...)
			}
		}
	case []any:
		for i, below := range v {
			found = append(found, paths(below, append(path, i))...)
		}
	}
	return found
}

// others are values that may take the place of some that are not free.
var others = map[string]string{
	"TCP": "UDP", "UDP": "TCP", "Prefix": "Exact", "Exact": "Prefix", "IfNotPresent": "Always", "Always": "IfNotPresent", "Cluster": "Local",
	"RollingUpdate": "OnDelete", "OnDelete": "RollingUpdate", "Forbid": "Allow", "Europe/Vienna": "UTC", "Retain": "Delete", "Delete": "Retain",
	"NoSchedule": "NoExecute", "ScheduleAnyway": "DoNotSchedule", "AlwaysAllow": "IfHealthyBudget", "ALL": "SYS_TIME", "25%": "30%", "100m": "200m", "1": "2",
	"64Mi": "65Mi", "1Gi": "2Gi", "RuntimeDefault": "Unconfined", "0 3 * * *": "0 4 * * *", "Never": "OnFailure", "OnFailure": "Never", "Percent": "Pods",
	"aHVudGVyMg==": "eA==", "ZnJvZG8=": "eA==", "AAEC": "eA==", "true": "false", "192.0.2.7": "192.0.2.8", "198.51.100.0/24": "198.51.101.0/24", "10.1.2.3": "10.1.2.4",
}

// changes are what a value may become; nil: nothing.
func changes(v any) []any {
	switch v := v.(type) {
	case string:
		if other, ok := others[v]; ok {
			return []any{other, nil}
		}
		return []any{v + "x", nil}
	case bool:
		return []any{!v, nil}
	case float64:
		return []any{v + 1, nil}
	default:
		return []any{nil}
	}
}

func at(v any, path []any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	if i, ok := v.(int64); ok { // as the dynamic client has it
		return float64(i)
	}
	if m, ok := v.(map[string]any); ok {
		return floats(m)
	}
	if l, ok := v.([]any); ok {
		return floats(l)
	}
	return v
}

// floats makes all numbers such.
func floats(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

// put puts a value at a path, or takes away what is there.
func put(o map[string]any, path []any, v any) {
	parent := any(o)
	for _, step := range path[:len(path)-1] {
		switch s := step.(type) {
		case string:
			parent = parent.(map[string]any)[s]
		case int:
			parent = parent.([]any)[s]
		}
	}
	switch last := path[len(path)-1].(type) {
	case string:
		if v == nil {
			delete(parent.(map[string]any), last)
		} else {
			parent.(map[string]any)[last] = v
		}
	case int:
		if v != nil {
			parent.([]any)[last] = v
			return
		}
		rest := slices.Delete(slices.Clone(parent.([]any)), last, last+1)
		put(o, path[:len(path)-1], rest)
	}
}
