package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const twoContexts = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://192.0.2.1"}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: rivendell, context: {cluster: c, user: u, namespace: elsewhere}}
- {name: moria, context: {cluster: c, user: u}}
`

func TestConnect(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	two, current := write("two", twoContexts), write("current", twoContexts+"current-context: moria\n")
	lost := write("lost", strings.NewReplacer("cluster: c, user: u}", "cluster: x, user: z}").Replace(twoContexts))
	empty, broken := write("empty", ""), write("broken", "{{{")
	tests := []struct {
		name       string
		kubeconfig string // --kubeconfig
		env        string // $KUBECONFIG
		context    string
		want       string   // the context
		files      []string // where an entry may be
		err        string
	}{
		{name: "the context that was asked for", kubeconfig: two, context: "rivendell", want: "rivendell", files: []string{two}},
		{name: "the current context", kubeconfig: current, want: "moria", files: []string{current}},
		{name: "the environment's files", env: two + ":" + dir + "/none", context: "rivendell", want: "rivendell", files: []string{two, dir + "/none"}},
		{name: "the flag goes before the environment", kubeconfig: two, env: broken, context: "moria", want: "moria", files: []string{two}},
		{name: "no current context", kubeconfig: two, err: "choose one with --host-cluster-context: moria, rivendell"},
		{name: "an unknown context", kubeconfig: two, context: "gondor", err: `no context "gondor"; it has: moria, rivendell`},
		{name: "a file that is not there", kubeconfig: dir + "/none", err: "--kubeconfig: stat"},
		{name: "a file without contexts", kubeconfig: empty, err: "no kubeconfig with a context was found (looked at " + empty + ")"},
		{name: "a context of a cluster and a user that there are not", kubeconfig: lost, context: "moria", err: "is of cluster \"x\", which the kubeconfig does not have; add it: kubectl config set-cluster x --server=URL\ncontext \"moria\" of the kubeconfig is of user \"z\", whom the kubeconfig does not have; add it: kubectl config set-credentials z"},
		{name: "a file that is broken", kubeconfig: broken, err: "read the kubeconfig"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", tt.env)
			h, err := connect(hostOptions{kubeconfig: tt.kubeconfig, context: tt.context})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want an error about %q", err, tt.err)
				}
				if exitCode(err) != exitUsage {
					t.Errorf("exit code %d, want %d", exitCode(err), exitUsage)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Context != tt.want || h.Server != "https://192.0.2.1" || !slices.Equal(h.files, tt.files) {
				t.Errorf("connect = %+v, want context %q and files %q", h, tt.want, tt.files)
			}
		})
	}
}
