package fieldset_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/delivery/internal/fieldset"
)

// applied is the body of an apply, and the fields of which the API server said then that they are ours.
type applied struct{ Body, Fields json.RawMessage }

// golden returns those of all objects of testdata, by kind and name.
func golden(tb testing.TB) map[string]applied {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.golden.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no golden files: %v", err)
	}
	all := map[string]applied{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var a applied
		if err := json.Unmarshal(raw, &a); err != nil {
			tb.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".golden.json")] = a
	}
	return all
}

// Right after an apply all is ours; and if any field is not, it is not.
func TestGolden(t *testing.T) {
	doubtful := []string{"ring-doubtful"} // for which another apply is the price
	for name, a := range golden(t) {
		t.Run(name, func(t *testing.T) {
			got, err := fieldset.Covers(a.Fields, a.Body)
			if want := !slices.Contains(doubtful, name); err != nil || got != want {
				t.Errorf("Covers = %v, %v; want %v", got, err, want)
			}
			if doubled, err := fieldset.Covers(withoutSpace(t, a.Fields), withoutSpace(t, a.Body)); err != nil || doubled != got {
				t.Errorf("without spaces Covers = %v, %v; want %v", doubled, err, got)
			}
			var fields map[string]any
			if err := json.Unmarshal(a.Fields, &fields); err != nil {
				t.Fatal(err)
			}
			digest := fieldset.Digest(a.Fields)
			tried := 0
			withoutEach(fields, func() {
				tried++
				fewer, err := json.Marshal(fields)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := fieldset.Covers(fewer, a.Body); err != nil || got {
					t.Errorf("Covers = %v, %v with no more than\n%s", got, err, fewer)
				}
				if fieldset.Digest(fewer) == digest {
					t.Errorf("the digest is the same with no more than\n%s", fewer)
				}
			})
			if tried < 4 {
				t.Errorf("only %d fields were taken away", tried)
			}
		})
	}
}

// withoutEach takes the leaves of a set away, one at a time, with what is empty then, and puts them back. The fields that an item of a list is
// known by are not all taken away: the item would go, too.
func withoutEach(set map[string]any, try func()) {
	for name, v := range set {
		below := v.(map[string]any)
		switch {
		case name == ".":
		case len(below) == 0:
			delete(set, name)
			try()
			set[name] = below
		default:
			withoutEach(below, func() {
				_, item := below["."]
				switch {
				case len(below) == 0:
					delete(set, name)
					try()
					set[name] = below
				case len(below) > 1 || !item || !strings.HasPrefix(name, "k:"):
					try()
				}
			})
		}
	}
}

func withoutSpace(tb testing.TB, indented []byte) []byte {
	tb.Helper()
	var v any
	if err := json.Unmarshal(indented, &v); err != nil {
		tb.Fatal(err)
	}
	compact, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return compact
}

func BenchmarkCovers(b *testing.B) {
	a := golden(b)["deployment-web"]
	fields, body := withoutSpace(b, a.Fields), withoutSpace(b, a.Body)
	b.SetBytes(int64(len(fields) + len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := fieldset.Covers(fields, body); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	fields := withoutSpace(b, golden(b)["deployment-web"].Fields)
	b.SetBytes(int64(len(fields)))
	b.ReportAllocs()
	for b.Loop() {
		if fieldset.Digest(fields) == 0 {
			b.Fatal("no digest")
		}
	}
}
