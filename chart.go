// Package fedhelm holds the Helm charts of this repository: the one that its root is, and the one for members.
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
//go:embed charts/federation-dns/Chart.yaml
//go:embed charts/federation-dns/values.yaml
//go:embed charts/federation-dns/values.schema.json
//go:embed all:charts/federation-dns/templates
var chart embed.FS

//go:embed charts/federation-member/Chart.yaml charts/federation-member/README.md
//go:embed charts/federation-member/values.yaml
//go:embed charts/federation-member/values.schema.json
//go:embed all:charts/federation-member/templates
var memberChart embed.FS

// Chart returns the files of the chart "federation", dependencies included: exactly those that Helm would load from
// the repository, with their paths relative to the chart. The files cannot be changed.
func Chart() fs.FS { return chart }

// MemberChart returns the files of the chart "federation-member", which is installed into members and is no part of
// the chart "federation": exactly those that Helm would load from its directory, with their paths relative to it. The
// files cannot be changed.
func MemberChart() fs.FS {
	files, err := fs.Sub(memberChart, "charts/federation-member")
	if err != nil {
		panic(err) // a path that is not valid, and this one is
	}
	return files
}
