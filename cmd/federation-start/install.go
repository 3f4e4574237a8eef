package main

import (
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
