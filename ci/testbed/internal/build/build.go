// Package build compiles the test bed's programs from Go modules, once for each set of versions.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/mod/modfile"
)

// KubernetesVersion is the version of everything built from k8s.io/kubernetes. go.mod pins the same.
const KubernetesVersion = "v1.36.3"

// Program is something to compile.
type Program struct {
	Name    string
	Package string
}

// Programs are all that a test bed runs, the API server early because it compiles what most others share.
var Programs = []Program{
	{"etcd", "go.etcd.io/etcd/server/v3"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kubectl", "k8s.io/kubernetes/cmd/kubectl"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"},
	{"kubelet", "k8s.io/kubernetes/cmd/kubelet"},
	{"kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"},
	{"kube-log-runner", "k8s.io/component-base/logs/kube-log-runner"},
	{"coredns", "./cmd/coredns"},
	{"kwok", "sigs.k8s.io/kwok/cmd/kwok"},
	{"pause", "./cmd/pause"},
	{"fetch", "./cmd/fetch"},
}

// goflags make a build depend on nothing but its sources.
const goflags = "-trimpath -buildvcs=false"

// keep is how many sets of programs stay in the cache: the one in use, and that of the branch before.
const keep = 2

// Builder compiles programs into a cache.
type Builder struct {
	// Module is the directory of the test bed's Go module.
	Module string
	// Cache is the directory that outlives test beds.
	Cache string
	// Progress gets a line for each program that is compiled.
	Progress io.Writer

	older string // the minor version of Kubernetes, if it is one that Of was asked for
}

// Dir is where the programs are, named by all that decides their content: Go, modules, flags, our own sources.
func (b Builder) Dir() (string, error) {
	version, err := b.version()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, runtime.Version(), runtime.GOOS, runtime.GOARCH, goflags, strings.Join(flags(version), " "))
	if err := hashModules(h, filepath.Join(b.Module, "go.mod")); err != nil {
		return "", err
	}
	for _, p := range b.programs() {
		if !strings.HasPrefix(p.Package, "./") {
			continue
		}
		if err := hashSources(h, filepath.Join(b.Module, p.Package)); err != nil {
			return "", err
		}
	}
	return filepath.Join(b.Bin(), version+"-"+hex.EncodeToString(h.Sum(nil)[:6])), nil
}

// Bin is the directory of all sets of programs. Those of an older version have one of their own: no set takes the place of another version's.
func (b Builder) Bin() string {
	if b.older != "" {
		return filepath.Join(b.Cache, "older", b.older)
	}
	return filepath.Join(b.Cache, "bin")
}

// hashModules writes the versions of all modules, whatever else is in the file.
func hashModules(w io.Writer, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(path, content, nil)
	if err != nil {
		return err
	}
	var lines []string
	for _, r := range mod.Require {
		lines = append(lines, r.Mod.String())
	}
	for _, r := range mod.Replace {
		lines = append(lines, r.Old.String()+" => "+r.New.String())
	}
	slices.Sort(lines)
	_, err = fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func hashSources(w io.Writer, dir string) error {
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, s := range sources {
		content, err := os.ReadFile(s)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %x\n", filepath.Base(s), sha256.Sum256(content))
	}
	return nil
}

// Ensure compiles those of the named programs that are not in the cache; no names mean all. It returns their directory.
// Two at once on one cache take turns.
func (b Builder) Ensure(ctx context.Context, names ...string) (string, error) {
	wanted, err := b.choose(names)
	if err != nil {
		return "", err
	}
	dir, err := b.Dir()
	if err != nil {
		return "", err
	}
	if len(absent(dir, wanted)) == 0 {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // every user may run the programs
		return "", err
	}
	lock := flock.New(filepath.Join(b.Cache, "build.lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return "", fmt.Errorf("wait for another build in %s: %w", b.Cache, err)
	}
	defer func() { _ = lock.Unlock() }() // it ends with us in any case
	if err := removeParts(dir); err != nil {
		return "", err
	}
	missing := absent(dir, wanted)
	for i, p := range missing {
		start := time.Now()
		fmt.Fprintf(b.Progress, "build %2d/%d  %-29s", i+1, len(missing), strings.TrimSpace(p.Name+" "+b.older))
		if err := b.compile(ctx, dir, p); err != nil {
			fmt.Fprintln(b.Progress, "failed")
			return "", err
		}
		fmt.Fprintf(b.Progress, "%6.1f s\n", time.Since(start).Seconds())
	}
	return dir, b.prune(dir)
}

// removeParts removes what runs that were killed have left half written.
func removeParts(dir string) error {
	parts, err := filepath.Glob(filepath.Join(dir, "*.part"))
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (b Builder) choose(names []string) ([]Program, error) {
	programs := b.programs()
	if len(names) == 0 {
		return programs, nil
	}
	var chosen []Program
	var errs []error
	for _, n := range names {
		i := slices.IndexFunc(programs, func(p Program) bool { return p.Name == n })
		if i < 0 {
			errs = append(errs, fmt.Errorf("no program %q to build", n))
			continue
		}
		chosen = append(chosen, programs[i])
	}
	return chosen, errors.Join(errs...)
}

func absent(dir string, programs []Program) []Program {
	return slices.DeleteFunc(slices.Clone(programs), func(p Program) bool {
		_, err := os.Stat(filepath.Join(dir, p.Name))
		return err == nil
	})
}

// compile writes beside the target first: a program that is there is whole.
func (b Builder) compile(ctx context.Context, dir string, p Program) error {
	target := filepath.Join(dir, p.Name)
	// A name of its own: the compiler of a run that was killed may be at work still.
	part := fmt.Sprintf("%s.%d.part", target, os.Getpid())
	defer os.Remove(part)
	version, err := b.version()
	if err != nil {
		return err
	}
	args := append([]string{"build", "-o", part}, flags(version)...)
	cmd := exec.CommandContext(ctx, "go", append(args, p.Package)...)
	cmd.Dir = b.Module
	cmd.Env = Environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", p.Name, err, out)
	}
	return os.Rename(part, target)
}

// Environ is the environment of every go build: the same settings as the product's, so that both share Go's build cache.
func Environ() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="+goflags, "GOWORK=off")
}

// flags stamp the version: without it the API server says v0.0.0, and Helm's kubeVersion checks fail.
func flags(version string) []string {
	major, minor, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ = strings.Cut(minor, ".")
	ldflags := make([]string, 0, 18)
	ldflags = append(ldflags, "-s", "-w")
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, v := range []string{"gitVersion=" + version, "gitMajor=" + major, "gitMinor=" + minor, "gitTreeState=clean"} {
			ldflags = append(ldflags, "-X", pkg+"."+v)
		}
	}
	return []string{"-ldflags=" + strings.Join(ldflags, " ")}
}

// prune removes the oldest sets of programs.
func (b Builder) prune(current string) error {
	entries, err := os.ReadDir(filepath.Dir(current))
	if err != nil {
		return err
	}
	type set struct {
		path string
		used time.Time
	}
	var old []set
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(current), e.Name())
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || path == current || !e.IsDir() {
			continue
		}
		if err != nil {
			return err
		}
		old = append(old, set{path, info.ModTime()})
	}
	slices.SortFunc(old, func(a, b set) int { return b.used.Compare(a.used) })
	for i, s := range old {
		if i >= keep-1 {
			if err := os.RemoveAll(s.path); err != nil {
				return err
			}
		}
	}
	return nil
}
