package chart

import (
	"errors"
	"maps"
	"slices"

	"github.com/fedhelm/fedhelm/pkg/managerflags"
)

// validateArguments looks at the arguments of our own program, whose flags are known. The API server's are upstream's, and differ from version to
// version. What comes by values is not looked at: an image of the user's may know more.
func (m ControllerManager) validateArguments() error {
	errs := make([]error, 0, len(m.ExtraArgs))
	for _, name := range slices.Sorted(maps.Keys(m.ExtraArgs)) {
		errs = append(errs, flagError("controllermanager-arg-overrides", managerflags.Check(name)))
	}
	return errors.Join(errs...)
}
