package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	installed := &debug.BuildInfo{
		Main:     debug.Module{Version: "v0.2.0"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc123"}},
	}
	tests := []struct {
		name            string
		version, commit string
		build           *debug.BuildInfo
		wantVersion     string
		wantCommit      string
	}{
		{name: "what the linker set wins", version: "0.1.0", commit: "def", build: installed, wantVersion: "0.1.0", wantCommit: "def"},
		{name: "go install leaves the module's version and revision", build: installed, wantVersion: "v0.2.0", wantCommit: "abc123"},
		{name: "a build from a working tree is dev", build: &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, wantVersion: "dev", wantCommit: "unknown"},
		{name: "a binary without build data is dev", wantVersion: "dev", wantCommit: "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := resolve(tt.version, tt.commit, tt.build)
			if got.Version != tt.wantVersion || got.Commit != tt.wantCommit {
				t.Errorf("resolve = %q, %q; want %q, %q", got.Version, got.Commit, tt.wantVersion, tt.wantCommit)
			}
		})
	}
}

func TestGetLeavesNothingEmpty(t *testing.T) {
	i := Get()
	if i.Version == "" || i.Commit == "" || !strings.HasPrefix(i.GoVersion, "go") || !strings.Contains(i.Platform, "/") {
		t.Errorf("Get() = %+v, want every field set", i)
	}
	if s := i.String(); !strings.Contains(s, i.Version) || !strings.Contains(s, i.Commit) {
		t.Errorf("String() = %q does not name version and commit", s)
	}
}
