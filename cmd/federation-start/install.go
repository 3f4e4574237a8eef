package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// install copies this program to a file. Whoever runs or starts what was there before is not disturbed.
func install(file string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	if same(self, file) {
		return nil // a full disk is no reason to fail then
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(file), "."+program+"-")
	if err != nil {
		return err
	}
	if err := fill(to, from); err != nil {
		_ = os.Remove(to.Name()) // the copy is of no use; what went wrong with it counts
		return fmt.Errorf("copy %s to %s: %w", self, file, err)
	}
	return os.Rename(to.Name(), file)
}

// fill makes an executable copy and closes it.
func fill(to *os.File, from io.Reader) error {
	_, err := io.Copy(to, from)
	if err == nil {
		err = to.Chmod(0o555)
	}
	if closed := to.Close(); err == nil {
		err = closed
	}
	return err
}

// same reports whether both files can be read and have the same content.
func same(a, b string) bool {
	one, err := os.ReadFile(a)
	if err != nil {
		return false
	}
	other, err := os.ReadFile(b)
	return err == nil && bytes.Equal(one, other)
}
