// Package chart is the one way from flags to an installable chart: it turns options into values, loads the chart
// from its files, and writes a copy of it that needs no values of its own.
package chart

import (
	"bytes"
	"fmt"
	"io/fs"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// Load reads the chart whose Chart.yaml is at the root of files. All files belong to it. Every call gives a chart of its
// own: rendering changes it.
func Load(files fs.FS) (*chart.Chart, error) {
	buffered, err := read(files)
	if err != nil {
		return nil, fmt.Errorf("read the chart: %w", err)
	}
	loaded, err := loader.LoadFiles(buffered)
	if err != nil {
		return nil, fmt.Errorf("load the chart: %w", err)
	}
	return loaded, nil
}

// read gives all files, in a stable order, as Helm's loader wants them.
func read(files fs.FS) ([]*loader.BufferedFile, error) {
	var found []*loader.BufferedFile
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		found = append(found, &loader.BufferedFile{Name: name, Data: bytes.TrimPrefix(data, utf8BOM)})
		return nil
	})
	return found, err
}
