package node

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kubeproxy "k8s.io/kube-proxy/config/v1alpha1"
	kubelet "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

func configured(t *testing.T) (Files, plan.Cluster) {
	t.Helper()
	b, err := plan.New(plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := Files{Dir: filepath.Join(t.TempDir(), "node"), PKI: "/pki", CNI: "/cni"}
	if err := Configure(f, b.Clusters[0]); err != nil {
		t.Fatal(err)
	}
	return f, b.Clusters[0]
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConfigureWritesWhatTheProgramsRead(t *testing.T) {
	f, c := configured(t)
	var k kubelet.KubeletConfiguration
	if err := yaml.UnmarshalStrict(read(t, f.KubeletConfig()), &k); err != nil {
		t.Fatal(err)
	}
	if k.CgroupRoot != "/"+c.Netns || k.ContainerRuntimeEndpoint != "unix://"+f.Socket() || k.ClusterDNS[0] != c.DNSService.String() {
		t.Errorf("kubelet: cgroup %s, runtime %s, DNS %v", k.CgroupRoot, k.ContainerRuntimeEndpoint, k.ClusterDNS)
	}
	var p kubeproxy.KubeProxyConfiguration
	if err := yaml.UnmarshalStrict(read(t, f.KubeProxyConfig()), &p); err != nil {
		t.Fatal(err)
	}
	if p.ClusterCIDR != c.Pods.String() || *p.Conntrack.MaxPerCore != 0 {
		t.Errorf("kube-proxy: %+v", p)
	}
	var cni struct {
		Plugins []struct {
			Type string `json:"type"`
			IPAM struct {
				Ranges [][]struct {
					Subnet string `json:"subnet"`
				} `json:"ranges"`
			} `json:"ipam"`
		} `json:"plugins"`
	}
	if err := json.Unmarshal(read(t, f.path("cni", "10-pods.conflist")), &cni); err != nil {
		t.Fatal(err)
	}
	if cni.Plugins[0].Type != "ptp" || cni.Plugins[0].IPAM.Ranges[0][0].Subnet != c.NodePods().String() {
		t.Errorf("CNI: %+v", cni)
	}
	if toml := string(read(t, f.ContainerdConfig())); !strings.Contains(toml, `bin_dir = "/cni"`) || !strings.Contains(toml, f.Socket()) {
		t.Errorf("containerd:\n%s", toml)
	}
}

func TestConfigureLeavesEqualFilesAlone(t *testing.T) {
	f, c := configured(t)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, path := range []string{f.KubeProxyConfig(), f.KubeletConfig()} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := Configure(f, c); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{f.KubeProxyConfig(), f.KubeletConfig()} {
		if st, err := os.Stat(path); err != nil || !st.ModTime().Equal(old) {
			t.Errorf("%s was written again: %v", path, err)
		}
	}
}
