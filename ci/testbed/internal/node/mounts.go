// Package node prepares the ground for a real node: a mount namespace, a cgroup, and the configuration of containerd,
// kubelet and kube-proxy.
package node

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// private are the directories whose content each node has to itself, because some program on it has their path built
// in: containerd's shims and runc use /run, CNI plugins and kubelet /var/lib, kubelet /var/log.
var private = []string{"/run", "/var/lib", "/var/log"}

// HoldMounts is the life of the process that owns a node's mount namespace. It mounts empty directories over the private
// ones, except that the paths to keep stay visible, creates the file ready, and waits to be told to end.
//
// Everything that containerd and kubelet mount is in this namespace alone: when the last process of the node has ended,
// no mount is left, however it ended.
func HoldMounts(ready string, keep []string) error {
	if err := hideShared(keep); err != nil {
		return err
	}
	if err := os.WriteFile(ready, nil, 0o600); err != nil {
		return err
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
	return nil
}

func hideShared(keep []string) error {
	// Started in a namespace of its own; still, say so before the first mount.
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	kept := map[string]int{}
	for _, path := range keep {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
		defer unix.Close(fd)
		kept[path] = fd
	}
	for _, dir := range private {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			return fmt.Errorf("mount on %s: %w", dir, err)
		}
	}
	for path, fd := range kept {
		if err := os.MkdirAll(path, 0o750); err != nil {
			return err
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/fd/%d", fd), path, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("keep %s: %w", path, err)
		}
	}
	if err := os.MkdirAll(filepath.Join("/var/lib", "kubelet"), 0o750); err != nil {
		return err
	}
	// Volumes that kubelet mounts must appear in containers that run already.
	if err := unix.Mount("", "/", "", unix.MS_SHARED|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts shared: %w", err)
	}
	return nil
}
