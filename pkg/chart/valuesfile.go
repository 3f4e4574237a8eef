package chart

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// specialiseValues lays vals over a values.yaml and leaves all else in it as it is, comments included.
func specialiseValues(defaults []byte, vals map[string]any) ([]byte, error) {
	if len(vals) == 0 {
		return defaults, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(defaults, &document); err != nil {
		return nil, fmt.Errorf("read the chart's values.yaml: %w", err)
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("the chart's values.yaml is not a table")
	}
	if err := lay(document.Content[0], vals); err != nil {
		return nil, fmt.Errorf("write values.yaml: %w", err)
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&document); err != nil {
		return nil, fmt.Errorf("write values.yaml: %w", err)
	}
	return b.Bytes(), nil
}

// lay writes vals into a table. A null is written as one: it drops a default further down.
func lay(table *yaml.Node, vals map[string]any) error {
	table.Style = 0 // one line for each, also in what was {}
	for _, key := range slices.Sorted(maps.Keys(vals)) {
		beneath := find(table, key)
		if above, isTable := vals[key].(map[string]any); isTable && beneath != nil && beneath.Kind == yaml.MappingNode {
			if err := lay(beneath, above); err != nil {
				return err
			}
			continue
		}
		var value yaml.Node
		if err := value.Encode(vals[key]); err != nil {
			return fmt.Errorf("value %q: %w", key, err)
		}
		if beneath != nil {
			value.LineComment, value.FootComment = beneath.LineComment, beneath.FootComment
			*beneath = value
			continue
		}
		name := &yaml.Node{}
		name.SetString(key)
		table.Content = append(table.Content, name, &value)
	}
	return nil
}

// find is the value of a key, or nil.
func find(table *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(table.Content); i += 2 {
		if table.Content[i].Value == key {
			return table.Content[i+1]
		}
	}
	return nil
}
