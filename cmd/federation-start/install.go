package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// install copies this program to a file. Whoever runs or starts what was there before is not disturbed, and a
// copy that is right already stays: a full disk is no reason to fail then.
func install(file string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(file); err == nil && bytes.Equal(there, program) {
		return nil
	}
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) { // of a copy that was cut off
		return err
	}
	if err := os.WriteFile(part, program, 0o600); err != nil {
		_ = os.Remove(part) // what went wrong with it counts
		return fmt.Errorf("copy %s: %w", self, err)
	}
	if err := os.Chmod(part, 0o555); err != nil { //nolint:gosec // others than who copied it are to run it
		return err
	}
	return os.Rename(part, file)
}
