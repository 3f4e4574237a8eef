// Package fedhelm holds the Helm chart that the root of this repository is.
package fedhelm

import (
	"embed"
	"io/fs"
)

// Only what belongs to the chart is named here, so that nothing has to be filtered out afterwards; the tests compare it
// with what Helm itself loads from this directory. all: because embed leaves out files that begin with "_".
//
//go:embed Chart.yaml Chart.lock values.yaml values.schema.json all:templates
//go:embed charts/federation-control-plane/Chart.yaml
//go:embed charts/federation-control-plane/values.yaml
//go:embed charts/federation-control-plane/values.schema.json
//go:embed all:charts/federation-control-plane/templates
var chart embed.FS

// Chart returns the files of the chart "federation", dependencies included: exactly those that Helm would load from
// the repository, with their paths relative to the chart. The files cannot be changed.
func Chart() fs.FS { return chart }
