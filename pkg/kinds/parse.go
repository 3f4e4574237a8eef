package kinds

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Parse reads a comma-separated list of IDs, of those that Default has; an empty list is all of them. The result is in the order of
// Default, each kind once. All names that are unknown are reported, with those that are known.
func Parse(list string) ([]Kind, error) {
	known := Default()
	if strings.TrimSpace(list) == "" {
		return known, nil
	}
	wanted := map[ID]bool{}
	var errs []error
	for _, name := range strings.Split(list, ",") {
		id := ID(strings.TrimSpace(name))
		if !slices.ContainsFunc(known, func(k Kind) bool { return k.ID() == id }) {
			errs = append(errs, fmt.Errorf("%q is not one of %s", id, strings.Join(names(known), ", ")))
			continue
		}
		wanted[id] = true
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(known, func(k Kind) bool { return !wanted[k.ID()] }), nil
}

func names(kinds []Kind) []string {
	all := make([]string, len(kinds))
	for i, k := range kinds {
		all[i] = string(k.ID())
	}
	return all
}
