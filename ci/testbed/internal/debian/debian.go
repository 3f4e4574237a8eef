// Package debian finds the programs that the test bed takes from the distribution, and installs what is missing.
package debian

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Tools are the distribution's programs that the test bed needs beyond those on PATH.
type Tools struct {
	Busybox string // statically linked
	CNI     string // directory of the CNI plugins
}

// cniPlugins are those that the clusters' pod network consists of.
var cniPlugins = []string{"ptp", "portmap", "host-local", "loopback"}

// Ensure finds the tools. What is missing is installed by apt-get when the user is root; otherwise, or when that is not
// to be had, the error says what to install.
func Ensure(ctx context.Context, progress io.Writer) (Tools, error) {
	missing := Missing()
	if len(missing) > 0 && os.Geteuid() == 0 {
		if _, err := exec.LookPath("apt-get"); err == nil {
			fmt.Fprintf(progress, "install %s\n", strings.Join(missing, " "))
			if err := install(ctx, missing); err != nil {
				return Tools{}, err
			}
			missing = Missing()
		}
	}
	if len(missing) > 0 {
		return Tools{}, fmt.Errorf("packages are missing; install them with: sudo apt-get install --no-install-recommends %s",
			strings.Join(missing, " "))
	}
	if os.Geteuid() != 0 {
		return Tools{}, errors.New("clusters need namespaces, mounts and cgroups; run as root")
	}
	return Tools{Busybox: busybox(), CNI: CNI()}, nil
}

// Missing names the packages whose programs are not there. It looks for the programs, for they may come from elsewhere:
// Docker's containerd.io takes the place of Debian's containerd, which must not replace it.
func Missing() []string {
	var missing []string
	for _, need := range []struct{ pkg, program string }{
		{"containerd", "containerd"}, {"containerd", "ctr"}, {"runc", "runc"}, {"iptables", "iptables"},
		{"nftables", "nft"}, {"iproute2", "ip"}, {"conntrack", "conntrack"}, {"socat", "socat"},
	} {
		if _, err := exec.LookPath(need.program); err != nil && !slices.Contains(missing, need.pkg) {
			missing = append(missing, need.pkg)
		}
	}
	if CNI() == "" {
		missing = append(missing, "containernetworking-plugins")
	}
	if busybox() == "" {
		missing = append(missing, "busybox-static")
	}
	return missing
}

func install(ctx context.Context, packages []string) error {
	for _, args := range [][]string{
		{"update", "-q"},
		append([]string{"install", "-q", "-y", "--no-install-recommends"}, packages...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// CNI is the directory of the CNI plugins, "" when they are not there.
func CNI() string {
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"} {
		if !slices.ContainsFunc(cniPlugins, func(p string) bool {
			_, err := os.Stat(filepath.Join(dir, p))
			return err != nil
		}) {
			return dir
		}
	}
	return ""
}

func busybox() string {
	for _, path := range []string{"/bin/busybox", "/usr/bin/busybox"} {
		if static(path) {
			return path
		}
	}
	return ""
}

// static tells whether a program needs no dynamic loader, so that it runs in an image where it is alone.
func static(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return !slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// Applets lists the commands that a busybox can be called as.
func Applets(ctx context.Context, busybox string) ([]string, error) {
	out, err := exec.CommandContext(ctx, busybox, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("list applets of %s: %w", busybox, err)
	}
	return strings.Fields(string(out)), nil
}
