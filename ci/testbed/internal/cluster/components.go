package cluster

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/pki"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/proc"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/wire"
)

// Names of the components.
const (
	etcd       = "etcd"
	apiServer  = "kube-apiserver"
	controller = "kube-controller-manager"
	scheduler  = "kube-scheduler"
	addons     = "addons"
	mounts     = "mounts"
	containerd = "containerd"
	kubelet    = "kubelet"
	kubeProxy  = "kube-proxy"
	kwok       = "kwok"
)

// Components lists what the cluster runs, in the order of start.
func (c Cluster) Components() []string {
	common := []string{etcd, apiServer, controller, scheduler, addons}
	if c.Nodes == plan.Simulated {
		return append(common, kwok)
	}
	return append(common, mounts, containerd, kubelet, kubeProxy)
}

// spec says how to run a component.
func (c Cluster) spec(name string) (proc.Spec, error) {
	s := proc.Spec{Name: name, Path: filepath.Join(c.Programs, name), Netns: wire.Path(c.Netns)}
	if name == apiServer || name == controller || name == scheduler {
		s.Path = filepath.Join(c.ControlPlane, name)
	}
	switch name {
	case etcd:
		s.Args = EtcdArgs(c.Name, c.path("etcd"), 2379)
	case apiServer:
		s.Args = c.apiServerArgs()
	case controller:
		s.Args = c.controllerArgs()
	case scheduler:
		s.Args = []string{
			"--kubeconfig=" + c.kubeconfig("scheduler"), "--bind-address=127.0.0.1", "--leader-elect=false",
			"--kube-api-qps=500", "--kube-api-burst=1000", "--cert-dir=" + c.path("self-signed"),
		}
	case addons:
		s.Path, s.Version = c.Self.Path, c.Self.Version
		s.Args = []string{
			"addons", "--kubeconfig=" + c.kubeconfig("addons"), "--pool=" + c.LoadBalancers.String(), "--volumes=" + c.path("volumes"),
		}
	case kwok:
		s.Args = []string{
			"--config=" + c.path("kwok.yaml"), "--kubeconfig=" + c.kubeconfig("kwok"), "--manage-all-nodes=true",
			"--node-lease-duration-seconds=40", "--cidr=" + c.Pods.String(), "--node-ip=" + c.Node.String(),
			"--server-address=127.0.0.1:10247",
		}
	case mounts:
		s.Path, s.NewMounts = c.Self.Path, true // whatever its version: without it, the node's pods must end
		s.Args = []string{"hold-mounts", "--ready=" + c.mountsReady(), "--keep=" + c.Dir, "--keep=" + filepath.Dir(c.Programs)}
	case containerd:
		s.Path = "containerd"
		s.Args = []string{"--config", c.NodeFiles().ContainerdConfig()}
	case kubelet:
		s.Args = []string{
			"--config=" + c.NodeFiles().KubeletConfig(), "--kubeconfig=" + c.kubeconfig("kubelet"),
			"--hostname-override=" + c.NodeName(), "--node-ip=" + c.Node.String(), "--root-dir=" + c.NodeFiles().Kubelet(),
			"--cert-dir=" + c.NodeFiles().Kubelet() + "/pki",
			"--node-labels=" + regionLabel + "=" + c.Region + "," + zoneLabel + "=" + c.Zone,
		}
	case kubeProxy:
		s.Args = []string{"--config=" + c.NodeFiles().KubeProxyConfig()}
	default:
		return s, fmt.Errorf("no component %q", name)
	}
	switch name {
	case containerd, kubelet, kubeProxy:
		if s.MountsOf = c.Processes().Pid(mounts); s.MountsOf == 0 {
			return s, fmt.Errorf("cluster %q: the process that holds the node's mounts has ended; run: testbed up", c.Name)
		}
	}
	return s, nil
}

const (
	regionLabel = "topology.kubernetes.io/region"
	zoneLabel   = "topology.kubernetes.io/zone"
)

func (c Cluster) kubeconfig(user string) string { return pki.Kubeconfig(c.PKI(), user) }

func (c Cluster) mountsReady() string { return c.path("node", "mounts-ready") }

// EtcdArgs run a one-member etcd that answers on loopback only. Its data need not outlive the machine.
func EtcdArgs(name, dir string, port int) []string {
	client, peer := "http://127.0.0.1:"+strconv.Itoa(port), "http://127.0.0.1:"+strconv.Itoa(port+1)
	return []string{
		"--name=" + name, "--data-dir=" + dir, "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=" + name + "=" + peer,
		"--unsafe-no-fsync", "--log-level=warn",
		// A lone member waits for nobody's vote; the default makes every start a second longer.
		"--heartbeat-interval=10", "--election-timeout=100",
	}
}

// APIServerArgs are those that every API server needs.
func APIServerArgs(pkiDir, certDir, services string, etcdPort int) []string {
	file := func(name string) string { return filepath.Join(pkiDir, name) }
	return []string{
		"--etcd-servers=http://127.0.0.1:" + strconv.Itoa(etcdPort),
		"--service-cluster-ip-range=" + services,
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--client-ca-file=" + file("ca.crt"), "--tls-cert-file=" + file("apiserver.crt"), "--tls-private-key-file=" + file("apiserver.key"),
		"--cert-dir=" + certDir,
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + file("sa.pub"), "--service-account-signing-key-file=" + file("sa.key"),
	}
}

func (c Cluster) apiServerArgs() []string {
	file := func(name string) string { return filepath.Join(c.PKI(), name) }
	return append(APIServerArgs(c.PKI(), c.path("self-signed"), c.Services.String(), 2379),
		"--advertise-address="+c.Node.String(), "--secure-port=6443",
		"--kubelet-client-certificate="+file("apiserver-kubelet-client.crt"), "--kubelet-client-key="+file("apiserver-kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP", // nobody resolves the nodes' names
		"--requestheader-client-ca-file="+file("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+file("front-proxy-client.crt"), "--proxy-client-key-file="+file("front-proxy-client.key"),
	)
}

func (c Cluster) controllerArgs() []string {
	file := func(name string) string { return filepath.Join(c.PKI(), name) }
	args := []string{
		"--kubeconfig=" + c.kubeconfig("controller-manager"), "--bind-address=127.0.0.1", "--leader-elect=false",
		"--use-service-account-credentials",
		"--kube-api-qps=500", "--kube-api-burst=1000", // asking for the controllers' credentials alone takes 4 s at the default
		"--service-account-private-key-file=" + file("sa.key"), "--root-ca-file=" + file("ca.crt"),
		"--cluster-signing-cert-file=" + file("ca.crt"), "--cluster-signing-key-file=" + file("ca.key"),
		"--allocate-node-cidrs=true", "--cluster-cidr=" + c.Pods.String(),
		"--node-cidr-mask-size=" + strconv.Itoa(plan.NodePodsBits),
		"--service-cluster-ip-range=" + c.Services.String(),
		"--pvclaimbinder-sync-period=2s", "--flex-volume-plugin-dir=" + c.path("volumeplugins"),
		"--cert-dir=" + c.path("self-signed"),
	}
	if c.Nodes == plan.Simulated {
		// The pods of a node that did not say for too long that it is there are made unready. A kubelet mends that, kwok does not; and no node can
		// say so while the API server is stopped for a test.
		args = append(args, "--node-monitor-grace-period=1h")
	}
	return args
}
