// Package version knows which build of fedhelm this program is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Set by the linker: -X github.com/fedhelm/fedhelm/pkg/version.version=1.2.3.
// A plain go build or go install leaves them empty; Get then asks the module data.
var (
	version string
	commit  string
)

// Info is what a build knows of itself. No field is empty.
type Info struct {
	Version   string `json:"version"`   // such as 0.1.0; "dev" for a build that was given none
	Commit    string `json:"commit"`    // "unknown" for a build that was given none
	GoVersion string `json:"goVersion"` // such as go1.26.0
	Platform  string `json:"platform"`  // such as linux/amd64
}

// Get returns what this build knows of itself.
func Get() Info {
	build, _ := debug.ReadBuildInfo()
	return resolve(version, commit, build)
}

// String is the one line that --version prints after the program's name.
func (i Info) String() string {
	return fmt.Sprintf("%s (commit %s, %s, %s)", i.Version, i.Commit, i.GoVersion, i.Platform)
}

// resolve prefers what the linker set, then what go install recorded.
func resolve(version, commit string, build *debug.BuildInfo) Info {
	info := Info{
		Version:   version,
		Commit:    commit,
		GoVersion: runtime.Version(),
		Platform:  runtime.GOOS + "/" + runtime.GOARCH,
	}
	if build != nil {
		if info.Version == "" && build.Main.Version != "(devel)" {
			info.Version = build.Main.Version
		}
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" && info.Commit == "" {
				info.Commit = s.Value
			}
		}
	}
	if info.Version == "" {
		info.Version = "dev"
	}
	if info.Commit == "" {
		info.Commit = "unknown"
	}
	return info
}
