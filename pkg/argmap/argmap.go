// Package argmap reads the comma-separated key=value lists of the command line:
// argument overrides for a component of the control plane, and node selectors.
package argmap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

var argName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Parse reads argument overrides such as `--anonymous-auth=false,--v=4`; each string is one occurrence
// of the flag and "" is none. The keys of the result have no leading dashes; a value is a string or, for a key
// that occurs more than once, the []any of its strings in order, as Helm wants lists.
//
// A value may contain "=". One with a comma is quoted, in part or with its key:
// `"--runtime-config=a=true,b=true"`, `--runtime-config='a=true,b=true'` or `--runtime-config=a=true\,b=true`.
// A backslash before anything but a comma, a quote or a backslash is an ordinary character.
//
// Everything that is wrong is reported at once.
func Parse(overrides ...string) (map[string]any, error) {
	args := map[string]any{}
	var errs []error
	for _, s := range overrides {
		parts, err := split(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, part := range parts {
			key, value, err := pair(part)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			key = strings.TrimLeft(key, "-")
			if !argName.MatchString(key) {
				errs = append(errs, fmt.Errorf("wrong format for override arg: %s, %q is no argument name", part, key))
				continue
			}
			add(args, key, value)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return args, nil
}

// ParseNodeSelector reads `key=value,key=value` into labels, which it validates. "" selects every node.
// Everything that is wrong is reported at once.
func ParseNodeSelector(s string) (map[string]string, error) {
	labels := map[string]string{}
	parts, err := split(s)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, part := range parts {
		key, value, err := pair(part)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, msg := range validation.IsQualifiedName(key) {
			errs = append(errs, fmt.Errorf("%q is no label name: %s", key, msg))
		}
		for _, msg := range validation.IsValidLabelValue(value) {
			errs = append(errs, fmt.Errorf("%q is no value for label %q: %s", value, key, msg))
		}
		if other, ok := labels[key]; ok && other != value {
			errs = append(errs, fmt.Errorf("label %q is asked to be %q and %q", key, other, value))
		}
		labels[key] = value
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return labels, nil
}

func pair(part string) (key, value string, err error) {
	key, value, found := strings.Cut(part, "=")
	if !found {
		return "", "", fmt.Errorf("wrong format for override arg: %s", part)
	}
	key = strings.TrimSpace(key)
	if strings.Trim(key, "-") == "" {
		return "", "", fmt.Errorf("wrong format for override arg: %s, arg name cannot be empty", part)
	}
	return key, value, nil
}

func add(args map[string]any, key, value string) {
	switch have := args[key].(type) {
	case nil:
		args[key] = value
	case string:
		args[key] = []any{have, value}
	case []any:
		args[key] = append(have, value)
	}
}
