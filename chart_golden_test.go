package fedhelm_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// bases says, for each chart that has golden files, whose default case its cases are compared with.
var bases = map[string]string{umbrella: controlPlane, controlPlane: controlPlane, dnsServer: dnsServer, member: member}

// The golden file of the default case has every object. Those of the other
// cases have only what the values change, so that a reader sees just that.
func TestGolden(t *testing.T) {
	for dir, baseDir := range bases {
		baseFile := filepath.Join(baseDir, "testdata", "default.values.yaml")
		base := rendered(t, baseDir)[baseFile]
		for file, docs := range rendered(t, dir) {
			t.Run(file, func(t *testing.T) {
				got := changes(base, docs)
				if file == baseFile {
					got = format(base)
				}
				golden(t, strings.Replace(file, ".values.yaml", ".golden.yaml", 1), got)
			})
		}
	}
}

func TestNotes(t *testing.T) {
	for _, dir := range []string{umbrella, dnsServer, member} {
		for file, values := range cases(t, dir) {
			t.Run(file, func(t *testing.T) {
				rel, err := dryRunAs(releaseOf(dir), "federation-system", load(t, dir), values)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, strings.Replace(file, ".values.yaml", ".notes.txt", 1), rel.Info.Notes)
			})
		}
	}
}

func TestRenderingTwiceGivesTheSameBytes(t *testing.T) {
	for dir := range bases {
		for file, first := range rendered(t, dir) {
			second := render(t, dir, cases(t, dir)[file])
			if diff := gocmp.Diff(format(first), format(second)); diff != "" {
				t.Errorf("%s (-first +second):\n%s", file, diff)
			}
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got); if meant, run make golden:\n%s", file, diff)
	}
}

func format(docs []document) string {
	docs = slices.SortedFunc(slices.Values(docs), func(a, b document) int { return cmp.Compare(a.id(), b.id()) })
	var out strings.Builder
	for _, d := range docs {
		out.WriteString("---\n" + d.text)
	}
	return out.String()
}

// changes tells in what docs differ from base: objects that went, and the full text of those that came or changed.
func changes(base, docs []document) string {
	before := map[string]string{}
	for _, d := range base {
		before[d.id()] = d.text
	}
	var changed []document
	for _, d := range docs {
		if before[d.id()] != d.text {
			changed = append(changed, d)
		}
		delete(before, d.id())
	}
	var out strings.Builder
	for _, id := range slices.Sorted(maps.Keys(before)) {
		fmt.Fprintf(&out, "# gone: %s\n", id)
	}
	out.WriteString(format(changed))
	return out.String()
}
