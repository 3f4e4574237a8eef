package reload

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// joined is a value of two files that refuses the content "bad".
func joined(contents [][]byte) (string, error) {
	for _, c := range contents {
		if string(c) == "bad" {
			return "", errors.New("is bad")
		}
	}
	return string(contents[0]) + string(contents[1]), nil
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestValueFollowsItsFiles(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write(t, one, "a")
	write(t, two, "b")
	clock := time.Now()
	v, err := New(joined, one, two)
	if err != nil {
		t.Fatal(err)
	}
	var told []error
	v.now = func() time.Time { return clock }
	v.OnReload = func(err error) { told = append(told, err) }

	steps := []struct {
		name     string
		do       func()
		want     string
		wantTold int
		wantErr  string
	}{
		{name: "an unchanged file is not parsed again", do: func() {}, want: "ab"},
		{name: "a change is seen once the interval is over", do: func() { write(t, one, "c") }, want: "cb", wantTold: 1},
		{name: "a broken file leaves the last good value", do: func() { write(t, two, "bad") }, want: "cb", wantTold: 1, wantErr: "is bad"},
		{name: "a file that stays broken is told once", do: func() {}, want: "cb"},
		{name: "a missing file leaves the last good value", do: func() { os.Remove(two) }, want: "cb", wantTold: 1, wantErr: "no such file"},
		{name: "a mended file is told", do: func() { write(t, two, "b") }, want: "cb", wantTold: 1},
		{name: "a replaced directory entry is followed", do: func() {
			write(t, one+".new", "d")
			if err := os.Rename(one+".new", one); err != nil {
				t.Fatal(err)
			}
		}, want: "db", wantTold: 1},
	}
	for _, s := range steps {
		told = nil
		clock = clock.Add(v.Interval)
		s.do()
		if got := v.Get(); got != s.want {
			t.Errorf("%s: got %q, want %q", s.name, got, s.want)
		}
		if len(told) != s.wantTold {
			t.Errorf("%s: OnReload was called with %v, want %d calls", s.name, told, s.wantTold)
		}
		if s.wantErr != "" && (len(told) == 0 || told[0] == nil || !strings.Contains(told[0].Error(), s.wantErr)) {
			t.Errorf("%s: OnReload was told %v, want an error with %q", s.name, told, s.wantErr)
		}
	}

	write(t, one, "e")
	if got := v.Get(); got != "db" {
		t.Errorf("within the interval the files are not looked at: got %q, want %q", got, "db")
	}
}

func TestValuesAreLetGoOfOnceReplaced(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write(t, one, "a")
	write(t, two, "b")
	v, err := New(joined, one, two)
	if err != nil {
		t.Fatal(err)
	}
	v.Interval = 0
	var former []string
	v.OnReplace = func(f string) { former = append(former, f) }
	for _, content := range []string{"a", "c", "bad", "d"} {
		write(t, one, content)
		v.Get()
	}
	if want := []string{"ab", "cb"}; !slices.Equal(former, want) {
		t.Errorf("replaced were %q, want %q", former, want)
	}
}

func TestNewRefusesWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	write(t, good, "a")
	write(t, bad, "bad")
	for _, second := range []string{bad, filepath.Join(dir, "missing")} {
		if _, err := New(joined, good, second); err == nil {
			t.Errorf("New(%q, %q) gave no error", good, second)
		}
	}
}

func TestGetIsSafeForConcurrentUse(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write(t, one, "a")
	write(t, two, "b")
	v, err := New(joined, one, two)
	if err != nil {
		t.Fatal(err)
	}
	v.Interval = 0
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 200 {
				if got := v.Get(); got != "ab" && got != "cb" && got != "b" { // a file being written may look empty
					t.Errorf("got %q", got)
				}
			}
		})
	}
	for range 50 {
		write(t, one, "c")
		write(t, one, "a")
	}
	readers.Wait()
}
