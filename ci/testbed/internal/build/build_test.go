package build

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goMod = `module example.com/testbed

go 1.26.0

require (
	k8s.io/kubernetes v1.36.3
	example.com/other v1.0.0 // indirect
)
`

// module writes a module with the two programs of our own, and returns its builder.
func module(t *testing.T, files map[string]string) Builder {
	t.Helper()
	b := Builder{Module: t.TempDir(), Cache: t.TempDir(), Progress: io.Discard}
	all := map[string]string{"go.mod": goMod, "cmd/pause/main.go": "package main\n\nfunc main() {}\n", "cmd/coredns/main.go": "package main\n"}
	for name, content := range files {
		all[name] = content
	}
	for name, content := range all {
		path := filepath.Join(b.Module, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// set is the name of the directory of programs.
func set(t *testing.T, b Builder) string {
	t.Helper()
	dir, err := b.Dir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Base(dir)
}

func TestProgramsAreKnownByWhatDecidesTheirContent(t *testing.T) {
	same := set(t, module(t, nil))
	tests := []struct {
		name  string
		files map[string]string
		same  bool
	}{
		{name: "a comment in go.mod changes nothing", files: map[string]string{"go.mod": strings.ReplaceAll(goMod, " // indirect", "")}, same: true},
		{name: "a module's version does", files: map[string]string{"go.mod": strings.ReplaceAll(goMod, "v1.0.0", "v1.0.1")}},
		{name: "a replaced module does", files: map[string]string{"go.mod": goMod + "\nreplace example.com/other => example.com/fork v1.0.0\n"}},
		{name: "a program's source does", files: map[string]string{"cmd/coredns/main.go": "package main // changed\n"}},
		{name: "other sources do not", files: map[string]string{"internal/x/x.go": "package x\n"}, same: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := set(t, module(t, tt.files)); (got == same) != tt.same {
				t.Errorf("set %s, before %s", got, same)
			}
		})
	}
}

func TestEnsureBuildsWhatIsMissingAndNothingElse(t *testing.T) {
	b := module(t, nil)
	var progress strings.Builder
	b.Progress = &progress
	dir, err := b.Dir()
	if err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(dir, "pause.1.part") // of a run that was killed
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(killed, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ensure(context.Background(), "pause"); err != nil {
		t.Fatal(err)
	}
	first, err := os.Stat(filepath.Join(dir, "pause"))
	if err != nil || !strings.Contains(progress.String(), "pause") {
		t.Fatalf("%v; progress %q", err, progress.String())
	}
	progress.Reset()
	if _, err := b.Ensure(context.Background(), "pause"); err != nil {
		t.Fatal(err)
	}
	again, err := os.Stat(filepath.Join(dir, "pause"))
	if err != nil || again.ModTime() != first.ModTime() || progress.String() != "" {
		t.Errorf("built again: %v, progress %q", err, progress.String())
	}
	if parts, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(parts) > 0 {
		t.Errorf("left behind: %v", parts)
	}
}

func TestAFailedBuildShowsTheCompilersWords(t *testing.T) {
	b := module(t, map[string]string{"cmd/pause/main.go": "package main\n\nfunc main() { undefinedThing() }\n"})
	dir, err := b.Ensure(context.Background(), "pause")
	if err == nil || !strings.Contains(err.Error(), "undefinedThing") {
		t.Errorf("Ensure = %q, %v", dir, err)
	}
}

func TestAnUnknownProgramIsNamed(t *testing.T) {
	if _, err := module(t, nil).Ensure(context.Background(), "pause", "hyperkube"); err == nil || !strings.Contains(err.Error(), `"hyperkube"`) {
		t.Errorf("Ensure(hyperkube): %v", err)
	}
}

func TestOldSetsOfProgramsGo(t *testing.T) {
	b := module(t, nil)
	for i, name := range []string{"oldest", "old", "older"} {
		dir := filepath.Join(b.Bin(), name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-time.Duration([]int{3, 1, 2}[i]) * time.Hour)
		if err := os.Chtimes(dir, at, at); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := b.Ensure(context.Background(), "pause")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(b.Bin())
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if len(left) != keep || left[0] != "old" || left[1] != filepath.Base(dir) {
		t.Errorf("left: %v, want old and %s", left, filepath.Base(dir))
	}
}
