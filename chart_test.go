package fedhelm_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/fedhelm/fedhelm"
)

// embedded are the charts that programs carry with them, by the directory that Helm loads them from.
var embedded = map[string]fs.FS{umbrella: fedhelm.Chart(), member: fedhelm.MemberChart()}

// Whatever is new at the top of the repository is either part of the chart, and
// so has to be embedded, or has to be named in .helmignore.
func TestEmbeddedChartIsWhatHelmLoadsFromTheRepository(t *testing.T) {
	for dir, files := range embedded {
		t.Run(dir, func(t *testing.T) {
			want := map[string][]byte{}
			for _, f := range load(t, dir).Raw {
				want[f.Name] = f.Data
			}
			got := map[string][]byte{}
			for _, f := range filesOf(t, files) {
				got[f.Name] = f.Data
			}
			for _, path := range slices.Sorted(maps.Keys(want)) {
				if _, ok := got[path]; !ok {
					t.Errorf("%s is loaded by Helm and not embedded", path)
				} else if !bytes.Equal(got[path], want[path]) {
					t.Errorf("%s: Helm loads something else than what is embedded", path)
				}
				delete(got, path)
			}
			for _, path := range slices.Sorted(maps.Keys(got)) {
				t.Errorf("%s is embedded and not loaded by Helm", path)
			}
		})
	}
}

func TestEmbeddedChartLoads(t *testing.T) {
	required := map[string]chartutil.Values{member: parseValues(t, `{`+needed+`}`)}
	for dir, files := range embedded {
		t.Run(dir, func(t *testing.T) {
			c, err := loader.LoadFiles(filesOf(t, files))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
			if _, err := dryRun(c, required[dir]); err != nil {
				t.Error(err)
			}
		})
	}
}

func filesOf(t *testing.T, files fs.FS) []*loader.BufferedFile {
	t.Helper()
	var found []*loader.BufferedFile
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, path)
		found = append(found, &loader.BufferedFile{Name: path, Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A release is a Secret, and a Secret holds 1 MiB. Half of that leaves room for what is to come.
func TestAReleaseFitsIntoItsSecret(t *testing.T) {
	for file, values := range cases(t, umbrella) {
		rel, err := dryRun(load(t, umbrella), values)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(rel)
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(base64.NewEncoder(base64.StdEncoding, &packed), gzip.BestCompression)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if size := packed.Len(); size > 512<<10 {
			t.Errorf("%s: the release takes %d KiB", file, size>>10)
		}
	}
}

func TestLockPinsWhatLiesInCharts(t *testing.T) {
	c := load(t, umbrella)
	if len(c.Lock.Dependencies) != len(c.Metadata.Dependencies) || len(c.Dependencies()) != len(c.Metadata.Dependencies) {
		t.Fatalf("Chart.yaml has %d dependencies, Chart.lock %d, charts %d; run make chart-deps",
			len(c.Metadata.Dependencies), len(c.Lock.Dependencies), len(c.Dependencies()))
	}
	for i, want := range c.Metadata.Dependencies {
		locked, there := c.Lock.Dependencies[i], c.Dependencies()[i]
		if locked.Name != want.Name || locked.Version != there.Metadata.Version || want.Version != there.Metadata.Version {
			t.Errorf("dependency %s: Chart.yaml wants %s, Chart.lock has %s %s, charts has %s; run make chart-deps",
				want.Name, want.Version, locked.Name, locked.Version, there.Metadata.Version)
		}
		if there.Metadata.AppVersion != c.Metadata.AppVersion {
			t.Errorf("chart %s is of appVersion %s, the umbrella of %s", want.Name, there.Metadata.AppVersion, c.Metadata.AppVersion)
		}
	}
}
