package image

import (
	"path/filepath"

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

// Upstream lists the images of other projects, from the programs in dir and a static busybox with its applets. Users, entrypoints,
// paths and file capabilities are those of the published images, because that is what charts stumble over.
func Upstream(dir string, busybox Shell) []Image {
	program := func(name string) string { return filepath.Join(dir, name) }
	runner := File{Path: "/go-runner", Source: program("kube-log-runner")}
	return []Image{
		{
			Name:       Pause,
			Files:      []File{{Path: "/pause", Source: program("pause")}},
			Entrypoint: []string{"/pause"}, User: "65535:65535",
		},
		{
			Name:       CoreDNS,
			Files:      append(accounts(), File{Path: "/coredns", Source: program("coredns"), BindLowPorts: true}),
			Entrypoint: []string{"/coredns"}, User: "nonroot:nonroot", WorkingDir: "/",
		},
		{
			Name: APIServer,
			Files: append(accounts(), runner,
				File{Path: "/usr/local/bin/kube-apiserver", Source: program("kube-apiserver"), BindLowPorts: true}),
			Entrypoint: []string{"/go-runner"}, User: "0", WorkingDir: "/",
		},
		{
			Name: ControllerManager,
			Files: append(accounts(), runner,
				File{Path: "/usr/local/bin/kube-controller-manager", Source: program("kube-controller-manager")}),
			Entrypoint: []string{"/go-runner"}, User: "0", WorkingDir: "/",
		},
		{
			Name:  Etcd,
			Files: append(accounts(), File{Path: "/usr/local/bin/etcd", Source: program("etcd")}),
			User:  "0", WorkingDir: "/",
		},
		{
			Name:    Busybox,
			Files:   append(accounts(), busybox.files()...),
			Command: []string{"sh"}, User: "0",
		},
	}
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
