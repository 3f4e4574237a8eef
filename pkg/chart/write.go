package chart

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNotEmpty is returned when a chart would be written among files that Write did not make.
var ErrNotEmpty = errors.New("directory is not empty")

// marker tells a chart that Write made, which may be replaced, from anything else.
const marker = ".fedhelm-generated"

// Write writes the chart in files to dir, made for one federation: its values.yaml has vals besides the defaults, and readme says how to
// install it. An installation of it needs no values, and gives the same release as one of the original with vals. A
// directory that holds anything but an earlier result of Write is left alone unless force is set; even then only files
// that are written anew are touched.
func Write(dir string, files fs.FS, vals map[string]any, readme string, force bool) error {
	replace, err := writable(dir, force)
	if err != nil {
		return err
	}
	contents, err := specialise(files, vals)
	if err != nil {
		return err
	}
	contents["README.md"] = []byte(readme)
	if replace {
		if err := clear(dir); err != nil {
			return err
		}
	}
	contents[marker] = []byte(strings.Join(sortedNames(contents), "\n") + "\n")
	for _, name := range sortedNames(contents) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // a chart holds no secrets, and others install it
			return fmt.Errorf("write the chart: %w", err)
		}
		if err := os.WriteFile(path, contents[name], 0o644); err != nil { //nolint:gosec // see above
			return fmt.Errorf("write the chart: %w", err)
		}
	}
	return nil
}

// writable tells whether dir may be written to, and whether it holds an earlier result.
func writable(dir string, force bool) (replace bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look into %q: %w", dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
		return true, nil
	}
	if force {
		return false, nil
	}
	return false, fmt.Errorf("%w, and was not written by fedhelm generate: %q; choose another with -o, or give --force to write into it", ErrNotEmpty, dir)
}

// clear removes the files of an earlier result, as its marker lists them. What others put beside them stays.
func clear(dir string) error {
	listed, err := os.ReadFile(filepath.Join(dir, marker))
	if err != nil {
		return fmt.Errorf("read what was generated before: %w", err)
	}
	for _, name := range strings.Fields(string(listed)) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.Remove(path); err != nil &&
			!errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what was generated before: %w", err)
		}
	}
	return nil
}

// specialise gives the chart's files by name, with vals laid over the defaults in values.yaml.
func specialise(files fs.FS, vals map[string]any) (map[string][]byte, error) {
	buffered, err := read(files)
	if err != nil {
		return nil, fmt.Errorf("read the chart: %w", err)
	}
	contents := make(map[string][]byte, len(buffered)+2)
	for _, file := range buffered {
		contents[file.Name] = file.Data
	}
	contents["values.yaml"], err = specialiseValues(contents["values.yaml"], vals)
	return contents, err
}

func sortedNames(contents map[string][]byte) []string {
	names := make([]string, 0, len(contents))
	for name := range contents {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
