package node

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	componentconfig "k8s.io/component-base/config/v1alpha1"
	kubeproxy "k8s.io/kube-proxy/config/v1alpha1"
	kubelet "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/image"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/pki"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

// Files are where a node keeps its things, all below one directory.
type Files struct {
	Dir string
	// PKI is the directory of the cluster's certificates.
	PKI string
	// CNI is the directory of the CNI plugins.
	CNI string
}

func (f Files) path(elem ...string) string { return filepath.Join(append([]string{f.Dir}, elem...)...) }

// Socket is containerd's. The path is short because the kernel allows 107 bytes.
func (f Files) Socket() string { return f.path("c.sock") }

// Containerd is the directory of images and containers.
func (f Files) Containerd() string { return f.path("containerd") }

// ContainerdState is the directory of what lives no longer than the containers run.
func (f Files) ContainerdState() string { return f.path("run") }

// ContainerdConfig is one of the three files that Configure writes for the programs.
func (f Files) ContainerdConfig() string { return f.path("containerd.toml") }

// KubeletConfig is another.
func (f Files) KubeletConfig() string { return f.path("kubelet.yaml") }

// KubeProxyConfig is the last.
func (f Files) KubeProxyConfig() string { return f.path("kube-proxy.yaml") }

// Kubelet is kubelet's directory, with the volumes of the pods.
func (f Files) Kubelet() string { return f.path("kubelet") }

// Configure writes the configuration of containerd, CNI, kubelet and kube-proxy.
func Configure(f Files, c plan.Cluster) error {
	for _, d := range []string{f.path("cni"), f.Containerd(), f.ContainerdState(), f.Kubelet()} {
		if err := os.MkdirAll(d, 0o750); err != nil {
			return err
		}
	}
	resolv := f.path("resolv.conf") // empty: a cluster resolves its own names and no others
	if err := write(resolv, nil); err != nil {
		return err
	}
	var toml bytes.Buffer
	if err := containerdConfig.Execute(&toml, map[string]string{
		"Root": f.Containerd(), "State": f.ContainerdState(), "Socket": f.Socket(), "Pause": image.Pause,
		"CNIPlugins": f.CNI, "CNIConfig": f.path("cni"),
	}); err != nil {
		return err
	}
	if err := write(f.ContainerdConfig(), toml.Bytes()); err != nil {
		return err
	}
	cni, err := json.MarshalIndent(podNetwork(f, c), "", "  ")
	if err != nil {
		return err
	}
	if err := write(f.path("cni", "10-pods.conflist"), cni); err != nil {
		return err
	}
	if err := writeYAML(f.KubeletConfig(), kubeletConfig(f, c, resolv)); err != nil {
		return err
	}
	return writeYAML(f.KubeProxyConfig(), kubeProxyConfig(f, c))
}

//go:embed containerd.toml.tmpl
var containerdTemplate string

var containerdConfig = template.Must(template.New("containerd").Parse(containerdTemplate))

// podNetwork routes to each pod by an interface of its own. With a bridge, traffic between pods of one node would pass
// by kube-proxy's rules on machines whose kernel has no br_netfilter.
func podNetwork(f Files, c plan.Cluster) map[string]any {
	return map[string]any{
		"cniVersion": "1.0.0",
		"name":       "pods",
		"plugins": []map[string]any{
			{
				"type": "ptp", "ipMasq": true,
				"ipam": map[string]any{
					"type": "host-local", "dataDir": f.path("ipam"),
					"ranges": [][]map[string]string{{{"subnet": c.NodePods().String()}}},
					"routes": []map[string]string{{"dst": "0.0.0.0/0"}},
				},
			},
			{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}
}

func kubeletConfig(f Files, c plan.Cluster, resolv string) *kubelet.KubeletConfiguration {
	logs := f.path("pods")
	return &kubelet.KubeletConfiguration{
		TypeMeta:                 metav1.TypeMeta{APIVersion: kubelet.SchemeGroupVersion.String(), Kind: "KubeletConfiguration"},
		FailCgroupV1:             ptr(false),
		CgroupDriver:             "cgroupfs",
		CgroupRoot:               "/" + c.Netns,
		FailSwapOn:               ptr(false),
		OOMScoreAdj:              ptr(int32(0)), // a lower one needs CAP_SYS_RESOURCE
		ContainerRuntimeEndpoint: "unix://" + f.Socket(),
		Authentication: kubelet.KubeletAuthentication{
			Anonymous: kubelet.KubeletAnonymousAuthentication{Enabled: ptr(false)},
			Webhook:   kubelet.KubeletWebhookAuthentication{Enabled: ptr(true)},
			X509:      kubelet.KubeletX509Authentication{ClientCAFile: filepath.Join(f.PKI, "ca.crt")},
		},
		Authorization:   kubelet.KubeletAuthorization{Mode: kubelet.KubeletAuthorizationModeWebhook},
		Address:         c.Node.String(),
		ClusterDNS:      []string{c.DNSService.String()},
		ClusterDomain:   "cluster.local",
		ResolverConfig:  &resolv,
		PodLogsDir:      logs,
		VolumePluginDir: f.path("volumeplugins"),
		// Images come from archives: one that was collected could not be pulled again.
		ImageGCHighThresholdPercent: ptr(int32(100)),
		ImageGCLowThresholdPercent:  ptr(int32(99)),
		EvictionHard:                map[string]string{"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
		// A changed Secret is in the pods' files after this time, not after a minute.
		SyncFrequency: metav1.Duration{Duration: 5 * time.Second},
	}
}

func kubeProxyConfig(f Files, c plan.Cluster) *kubeproxy.KubeProxyConfiguration {
	off := &metav1.Duration{}
	return &kubeproxy.KubeProxyConfiguration{
		TypeMeta:           metav1.TypeMeta{APIVersion: kubeproxy.SchemeGroupVersion.String(), Kind: "KubeProxyConfiguration"},
		Mode:               "iptables",
		OOMScoreAdj:        ptr(int32(0)),
		ClusterCIDR:        c.Pods.String(),
		ClientConnection:   componentconfig.ClientConnectionConfiguration{Kubeconfig: pki.Kubeconfig(f.PKI, "kube-proxy")},
		HostnameOverride:   c.NodeName(),
		BindAddress:        c.Node.String(),
		HealthzBindAddress: "127.0.0.1:10256",
		MetricsBindAddress: "127.0.0.1:10249",
		NodePortAddresses:  []string{c.Node.String() + "/32"},
		// The kernel's limits belong to the machine; a network namespace cannot set them.
		Conntrack: kubeproxy.KubeProxyConntrackConfiguration{
			MaxPerCore: ptr(int32(0)), Min: ptr(int32(0)), TCPEstablishedTimeout: off, TCPCloseWaitTimeout: off,
		},
	}
}

func writeYAML(path string, v any) error {
	b, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return write(path, b)
}

// write leaves a file alone that has the content: kube-proxy watches its own and ends when it is written.
func write(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	return os.WriteFile(path, content, 0o600)
}

func ptr[T any](v T) *T { return &v }
