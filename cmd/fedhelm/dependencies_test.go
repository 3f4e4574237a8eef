package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Whoever adds a module says what for, and whoever drops one takes it out there.
func TestThePageOnDependenciesHasEveryModuleThatGoModAsksFor(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var asked, told []string
	for _, line := range regexp.MustCompile(`(?m)^\t(\S+\.\S+) v\S+$`).FindAllStringSubmatch(read("../../go.mod"), -1) {
		asked = append(asked, line[1])
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`[^|]*) \\|").FindAllStringSubmatch(read("../../docs/design/dependencies.md"), -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			told = append(told, name[1])
		}
	}
	if len(asked) == 0 || len(told) == 0 {
		t.Fatalf("go.mod asks for %d modules, docs/design/dependencies.md tells of %d", len(asked), len(told))
	}
	// The page may name the one package of a module that is used.
	within := func(name, module string) bool { return name == module || strings.HasPrefix(name, module+"/") }
	for _, module := range asked {
		if !slices.ContainsFunc(told, func(name string) bool { return within(name, module) }) {
			t.Errorf("docs/design/dependencies.md does not say what %s is for", module)
		}
	}
	for _, name := range told {
		if !slices.ContainsFunc(asked, func(module string) bool { return within(name, module) }) {
			t.Errorf("docs/design/dependencies.md tells of %s, which go.mod does not ask for itself", name)
		}
	}
}
