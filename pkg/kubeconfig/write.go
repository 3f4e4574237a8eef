package kubeconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// WriteFile makes the file at path, or the one that a symbolic link there leads to, hold data, in one step and readable to its owner
// alone, whatever it was before.
func WriteFile(path string, data []byte) error {
	path, err := followLinks(path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeFile(path, data)
}

// writeFile replaces the content of the file at path, or of what the symbolic link there leads to, in one step.
// Mode and owner are kept; a new file is for its owner alone.
func writeFile(path string, data []byte) error {
	path, err := followLinks(path)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	old, err := os.Stat(path)
	switch {
	case err == nil:
		mode = old.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	// Always the same name, so that one that a killed writer left, with its credentials, does not stay. The lock keeps others out.
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".fedhelm")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already when all went well
	if err := fill(tmp, data, mode, old); err != nil {
		return err
	}
	err = os.Rename(tmp.Name(), path)
	if errors.Is(err, syscall.EBUSY) {
		return os.WriteFile(path, data, mode) // a file mounted into a container cannot be replaced
	}
	return err
}

func fill(tmp *os.File, data []byte, mode fs.FileMode, old fs.FileInfo) error {
	_, err := tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if err == nil && old != nil {
		err = keepOwner(tmp, old)
	}
	if err == nil {
		err = tmp.Sync()
	}
	return errors.Join(err, tmp.Close())
}

// followLinks returns where path leads, also when nothing is there yet.
func followLinks(path string) (string, error) {
	for range 40 { // as many as Linux follows
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
}
