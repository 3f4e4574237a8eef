package build

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// ControlPlane are the programs of a cluster that are of its version of Kubernetes. The others are of one version in all clusters.
var ControlPlane = []Program{
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"},
}

// olderModules is the directory with a Go module for each older minor version, whose name it has: Kubernetes' modules are of one
// version each time, so that a module has room for one.
const olderModules = "versions"

// Of is the builder of the control plane of an older minor version of Kubernetes, such as 1.35, in the same cache. It compiles nothing
// else. An error says which versions there are.
func (b Builder) Of(minor string) (Builder, error) {
	known, err := b.Older()
	if err != nil {
		return Builder{}, err
	}
	if !slices.Contains(known, minor) {
		return Builder{}, fmt.Errorf("no Kubernetes %q to build; beside %s, which clusters are of unless another is asked for, there are: %s",
			minor, KubernetesVersion, strings.Join(known, ", "))
	}
	return Builder{Module: filepath.Join(b.Module, olderModules, minor), Cache: b.Cache, Progress: b.Progress, older: minor}, nil
}

// Older lists the minor versions of Kubernetes that Of knows.
func (b Builder) Older() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(b.Module, olderModules))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var minors []string
	for _, e := range entries {
		minors = append(minors, e.Name())
	}
	return minors, nil
}

func (b Builder) programs() []Program {
	if b.older != "" {
		return ControlPlane
	}
	return Programs
}

// version is that of everything built from k8s.io/kubernetes.
func (b Builder) version() (string, error) {
	if b.older == "" {
		return KubernetesVersion, nil
	}
	path := filepath.Join(b.Module, "go.mod")
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	mod, err := modfile.Parse(path, content, nil)
	if err != nil {
		return "", err
	}
	for _, r := range mod.Require {
		if r.Mod.Path == "k8s.io/kubernetes" {
			return r.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("%s does not require k8s.io/kubernetes", path)
}
