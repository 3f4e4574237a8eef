package image

import (
	"path/filepath"
	"slices"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/build"
)

// Names of the images, those that kubeadm and the charts use.
const (
	APIServer         = "registry.k8s.io/kube-apiserver:" + build.KubernetesVersion
	ControllerManager = "registry.k8s.io/kube-controller-manager:" + build.KubernetesVersion
	Etcd              = "registry.k8s.io/etcd:3.6.8-0"
	CoreDNS           = "registry.k8s.io/coredns/coredns:v1.14.6"
	Pause             = "registry.k8s.io/pause:3.10.2"
	Busybox           = "docker.io/library/busybox:stable"
	// Ours lacks its tag, which is the chart's appVersion.
	Ours = "ghcr.io/fedhelm/fedhelm"
)

// Upstream makes the images of other projects, from the programs in a directory and a busybox. Users, entrypoints, paths
// and file capabilities are those of the published images, because that is what charts stumble over.
type Upstream struct {
	Programs string
	Shell    Shell
}

// Node lists the images without which no pod of a node can start or find another.
func (u Upstream) Node() []Image {
	return []Image{
		{
			Name:       Pause,
			Files:      []File{u.program("/pause", "pause")},
			Entrypoint: []string{"/pause"}, User: "65535:65535",
		},
		{
			Name:       CoreDNS,
			Files:      append(accounts(), bindLow(u.program("/coredns", "coredns"))),
			Entrypoint: []string{"/coredns"}, User: "nonroot:nonroot", WorkingDir: "/",
		},
	}
}

// Workload lists what the pods of any cluster are made from.
func (u Upstream) Workload() []Image {
	return []Image{{
		Name:    Busybox,
		Files:   append(append(accounts(), u.Shell.files()...), u.program("/usr/local/bin/fetch", "fetch")), // what curl would be
		Command: []string{"sh"}, User: "0",
	}}
}

// ControlPlane lists what a federation's control plane is made from, besides our own image.
func (u Upstream) ControlPlane() []Image {
	runner := u.program("/go-runner", "kube-log-runner")
	return []Image{
		{
			Name:       APIServer,
			Files:      append(accounts(), runner, bindLow(u.program("/usr/local/bin/kube-apiserver", "kube-apiserver"))),
			Entrypoint: []string{"/go-runner"}, User: "0", WorkingDir: "/",
		},
		{
			Name:       ControllerManager,
			Files:      append(accounts(), runner, u.program("/usr/local/bin/kube-controller-manager", "kube-controller-manager")),
			Entrypoint: []string{"/go-runner"}, User: "0", WorkingDir: "/",
		},
		{
			Name:  Etcd,
			Files: append(accounts(), u.program("/usr/local/bin/etcd", "etcd")),
			User:  "0", WorkingDir: "/",
		},
	}
}

// All lists every image.
func (u Upstream) All() []Image { return slices.Concat(u.Node(), u.Workload(), u.ControlPlane()) }

func (u Upstream) program(path, name string) File {
	return File{Path: path, Source: filepath.Join(u.Programs, name)}
}

func bindLow(f File) File {
	f.BindLowPorts = true
	return f
}

// accounts are the users that the distroless images know, which ours and most of the above are built on.
func accounts() []File {
	return []File{
		{Path: "/etc/passwd", Mode: 0o644, Content: "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n" +
			"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"},
		{Path: "/etc/group", Mode: 0o644, Content: "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n"},
	}
}

// Product is our own image: the programs in dir, which are all there are.
func Product(tag, dir string, programs []string) Image {
	files := accounts()
	for _, p := range programs {
		files = append(files, File{Path: "/usr/local/bin/" + p, Source: filepath.Join(dir, p)})
	}
	return Image{Name: Ours + ":" + tag, Files: files, User: "65532:65532", WorkingDir: "/"}
}

// Shell is a static busybox of this machine.
type Shell struct {
	Path    string
	Applets []string
}

func (s Shell) files() []File {
	files := []File{{Path: "/bin/busybox", Source: s.Path}}
	for _, a := range s.Applets {
		if a != "busybox" {
			files = append(files, File{Path: "/bin/" + a, Link: "busybox"})
		}
	}
	return files
}
