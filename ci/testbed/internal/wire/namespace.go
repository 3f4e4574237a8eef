package wire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespace is a network namespace with a name, as ip-netns(8) shows it.
type namespace struct {
	fd netns.NsHandle
	nl *netlink.Handle
}

// openNamespace opens the namespace, and makes it if there is none.
func openNamespace(name string) (*namespace, error) {
	fd, err := netns.GetFromPath(Path(name))
	if err == nil && !isNamespace(Path(name)) { // a run was killed between making the file and mounting on it
		if err = errors.Join(fd.Close(), os.Remove(Path(name))); err == nil {
			err = os.ErrNotExist
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		if err = inThread(func() error { return makeNamespace(name) }); err == nil {
			fd, err = netns.GetFromPath(Path(name))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	nl, err := netlink.NewHandleAt(fd)
	if err != nil {
		_ = fd.Close()
		return nil, fmt.Errorf("network namespace %s: %w", name, err)
	}
	return &namespace{fd: fd, nl: nl}, nil
}

func (n *namespace) close() {
	n.nl.Close()
	_ = n.fd.Close() // it was only read from
}

// makeNamespace must run in a thread of its own, which it leaves in the new namespace.
func makeNamespace(name string) error {
	if err := os.MkdirAll(netnsAt, 0o755); err != nil { //nolint:gosec // as ip-netns(8) makes it
		return err
	}
	ns, err := netns.NewNamed(name)
	if err != nil {
		return err
	}
	return ns.Close()
}

func isNamespace(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Type == unix.NSFS_MAGIC
}

func removeNamespace(name string) error {
	path := Path(name)
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove network namespace %s: %w", name, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (n *namespace) ensureBridge() error {
	if _, err := n.nl.LinkByName(bridge); missing(err) {
		if err := n.nl.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridge}}); err != nil {
			return err
		}
	}
	return n.up(bridge)
}

// attach plugs an interface of the namespace into its bridge.
func (n *namespace) attach(name string) error {
	link, err := n.nl.LinkByName(name)
	if err != nil {
		return err
	}
	br, err := n.nl.LinkByName(bridge)
	if err != nil {
		return err
	}
	return errors.Join(n.nl.LinkSetMaster(link, br), n.nl.LinkSetUp(link))
}

func (n *namespace) up(name string) error {
	link, err := n.nl.LinkByName(name)
	if err != nil {
		return err
	}
	return n.nl.LinkSetUp(link)
}

// sysctl sets a kernel parameter of the namespace.
func (n *namespace) sysctl(key, value string) error {
	return inThread(func() error {
		if err := netns.Set(n.fd); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join("/proc/sys", key), []byte(value), 0o600)
	})
}

// inThread runs f in a thread that ends with it, so that f may change the thread's namespaces.
func inThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}
