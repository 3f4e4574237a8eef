package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Who sets up alerts reads of metrics on one page.
func TestThePageOnMonitoringHasEveryMetricThatThereIs(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash("../../docs/monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(federation_[a-z_]+)`").FindAllSubmatch(page, -1) {
		told[string(row[1])] = true
	}
	there := metricsOfTheCode(t)
	if got, want := slices.Sorted(maps.Keys(told)), slices.Sorted(maps.Keys(there)); !slices.Equal(got, want) {
		t.Errorf("the table of docs/monitoring.md has\n%s\nand the code\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, name := range regexp.MustCompile(`\bfederation_[a-z_]*[a-z]\b`).FindAllString(string(page), -1) {
		if !there[name] {
			t.Errorf("docs/monitoring.md speaks of %s, which there is not", name)
		}
	}
}

// metricsOfTheCode are what has the name of a metric in the code: nothing else begins so.
func metricsOfTheCode(t *testing.T) map[string]bool {
	t.Helper()
	names, literal := map[string]bool{}, regexp.MustCompile(`"(federation_[a-z_]+)"`)
	for _, root := range []string{"..", filepath.FromSlash("../../pkg"), filepath.FromSlash("../../hooks")} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			for _, found := range literal.FindAllSubmatch(code, -1) {
				names[string(found[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}
