package publish

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

// host is a host cluster with one Service.
type host struct {
	service *corev1.Service
	err     error
	after   int // reads until the Service has its address
	nodes   []corev1.Node
	listErr error
	secrets fakehost.Secrets
	issued  [][]string
	out     bytes.Buffer
}

func (h *host) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.Service, error) {
	if h.err != nil {
		return nil, h.err
	}
	if h.service == nil || h.service.Name != name {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "services"}, name)
	}
	s := h.service.DeepCopy()
	if h.after--; h.after >= 0 {
		s.Status = corev1.ServiceStatus{}
	}
	return s, nil
}

func (h *host) List(context.Context, metav1.ListOptions) (*corev1.NodeList, error) {
	return &corev1.NodeList{Items: h.nodes}, h.listErr
}

func newHost(kind corev1.ServiceType, status ...corev1.LoadBalancerIngress) *host {
	h := &host{service: &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "fellowship-apiserver"},
		Spec: corev1.ServiceSpec{
			Type: kind, ClusterIP: "10.96.3.4", ClusterIPs: []string{"10.96.3.4", "fd00::4"},
			Ports: []corev1.ServicePort{{Name: "other", Port: 80, NodePort: 30080}, {Name: "https", Port: 443, NodePort: 30443}},
		},
		Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: status}},
	}}
	h.put("admin-certs", map[string]string{"ca.crt": "CA", "client.crt": "CERT", "client.key": "KEY"})
	h.put("auth-tokens", map[string]string{"tokens.csv": "t0ken,admin,1,\"federation:admins\"\n"})
	h.put("auth-basic", map[string]string{"basicauth.csv": "hash,admin,1\n", "username": "admin", "password": "passw0rd"})
	return h
}

func (h *host) put(which string, data map[string]string) {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "fellowship-" + which, Namespace: "federation-system", Labels: secrets.Labels("fellowship"),
	}, Data: map[string][]byte{}}
	for k, v := range data {
		s.Data[k] = []byte(v)
	}
	h.secrets.Put(s)
}

func (h *host) options() Options {
	return Options{
		Federation: "fellowship", Namespace: "federation-system", Timeout: 400 * time.Millisecond,
		Secrets: &h.secrets, Services: h, Nodes: h, Out: &h.out,
		Issue: func(_ context.Context, addresses []string) error {
			h.issued = append(h.issued, addresses)
			return nil
		},
	}
}

// run publishes within the time that the options name.
func (h *host) run(t *testing.T, o Options) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), o.Timeout)
	defer cancel()
	return Run(ctx, o)
}

func (h *host) server(t *testing.T) string {
	t.Helper()
	s := h.secrets.All()["fellowship-kubeconfig"]
	if s == nil {
		t.Fatal("there is no kubeconfig")
	}
	config, err := kubeconfig.Decode(s.Data["kubeconfig"])
	if err != nil {
		t.Fatal(err)
	}
	return config.Clusters["fellowship"].Server
}

func node(name string, ready corev1.ConditionStatus, addresses ...corev1.NodeAddress) corev1.Node {
	return corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: corev1.NodeStatus{
			Addresses:  addresses,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}},
		},
	}
}

func internal(ip string) corev1.NodeAddress {
	return corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: ip}
}

func external(ip string) corev1.NodeAddress {
	return corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: ip}
}

func TestAddresses(t *testing.T) {
	const balancer, nodePort, clusterIP = corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort, corev1.ServiceTypeClusterIP
	nodes := []corev1.Node{
		node("b", corev1.ConditionTrue, internal("172.18.0.3"), corev1.NodeAddress{Type: corev1.NodeHostName, Address: "b"}),
		node("a", corev1.ConditionTrue, internal("172.18.0.2")),
		node("0", corev1.ConditionFalse, internal("172.18.0.1"), external("203.0.113.1")),
	}
	tests := []struct {
		name      string
		kind      corev1.ServiceType
		ingress   []corev1.LoadBalancerIngress
		nodes     []corev1.Node
		advertise []string
		hosts     []string
		server    string
	}{
		{name: "the load balancer's address", kind: balancer, ingress: []corev1.LoadBalancerIngress{{IP: "203.0.113.7"}},
			hosts: []string{"203.0.113.7"}, server: "https://203.0.113.7"},
		{name: "the load balancer's name", kind: balancer, ingress: []corev1.LoadBalancerIngress{{Hostname: "lb.example.com"}},
			hosts: []string{"lb.example.com"}, server: "https://lb.example.com"},
		{name: "an IPv6 address is put in brackets", kind: balancer, ingress: []corev1.LoadBalancerIngress{{IP: "2001:db8::7"}, {IP: "203.0.113.7"}},
			hosts: []string{"2001:db8::7", "203.0.113.7"}, server: "https://[2001:db8::7]"},
		{name: "what the user says leads to the load balancer comes first", kind: balancer,
			ingress: []corev1.LoadBalancerIngress{{IP: "203.0.113.7"}}, advertise: []string{"api.example.com"},
			hosts: []string{"api.example.com", "203.0.113.7"}, server: "https://api.example.com"},
		{name: "a node port is reached at the Ready nodes, in the order of their names", kind: nodePort, nodes: nodes,
			hosts: []string{"172.18.0.2", "172.18.0.3"}, server: "https://172.18.0.2:30443"},
		{name: "external addresses of nodes are preferred", kind: nodePort,
			nodes: append(slices.Clone(nodes), node("c", corev1.ConditionTrue, internal("172.18.0.4"), external("203.0.113.4"))),
			hosts: []string{"203.0.113.4"}, server: "https://203.0.113.4:30443"},
		{name: "a node port at the address that the user names", kind: nodePort, nodes: nodes, advertise: []string{"2001:db8::9", "192.0.2.1"},
			hosts: []string{"2001:db8::9", "192.0.2.1"}, server: "https://[2001:db8::9]:30443"},
		{name: "a cluster IP, of both families", kind: clusterIP,
			hosts: []string{"10.96.3.4", "fd00::4"}, server: "https://10.96.3.4"},
		{name: "a cluster IP behind an address that the user names", kind: clusterIP, advertise: []string{"192.0.2.1"},
			hosts: []string{"192.0.2.1"}, server: "https://192.0.2.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(tt.kind, tt.ingress...)
			h.nodes = tt.nodes
			o := h.options()
			o.Advertise = tt.advertise
			if err := h.run(t, o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{tt.hosts}, h.issued); diff != "" {
				t.Errorf("the certificate names (-want +got):\n%s", diff)
			}
			if got := h.server(t); got != tt.server {
				t.Errorf("the kubeconfig leads to %s, want %s", got, tt.server)
			}
			if !strings.Contains(h.out.String(), tt.server) {
				t.Errorf("nothing is said of %s:\n%s", tt.server, h.out.String())
			}
		})
	}
}

func TestWaitsForTheLoadBalancer(t *testing.T) {
	h := newHost(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{IP: "203.0.113.7"})
	h.after = 2
	o := h.options()
	o.Timeout = 10 * time.Second
	if err := h.run(t, o); err != nil {
		t.Fatal(err)
	}
	if got := h.server(t); got != "https://203.0.113.7" {
		t.Errorf("the kubeconfig leads to %s", got)
	}
}

func TestWhatNeverComesIsNamed(t *testing.T) {
	tests := []struct {
		name string
		make func() *host
		says []string
	}{
		{"no load balancer", func() *host { return newHost(corev1.ServiceTypeLoadBalancer) }, []string{
			"no load balancer gave Service federation-system/fellowship-apiserver an address within 400ms",
			"--api-server-service-type=NodePort", "kubectl describe service fellowship-apiserver --namespace=federation-system",
		}},
		{"no Service", func() *host { return &host{} }, []string{"Service federation-system/fellowship-apiserver to exist"}},
		{"no node that is Ready", func() *host {
			h := newHost(corev1.ServiceTypeNodePort)
			h.nodes = []corev1.Node{node("a", corev1.ConditionFalse, internal("172.18.0.2"))}
			return h
		}, []string{"a node to be Ready"}},
		{"an API server of the host that does not answer", func() *host {
			return &host{err: errors.New("connection refused")}
		}, []string{"connection refused", "400ms"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := tt.make()
			err := h.run(t, h.options())
			if err == nil {
				t.Fatal("no error")
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q: %v", says, err)
				}
			}
			if len(h.issued) > 0 || h.secrets.All()["fellowship-kubeconfig"] != nil {
				t.Error("something was written all the same")
			}
		})
	}
}

func TestForbiddenIsAnErrorAtOnce(t *testing.T) {
	h := newHost(corev1.ServiceTypeNodePort)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "x"}, "x", errors.New("no"))
	h.listErr = forbidden
	if err := h.run(t, h.options()); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "advertiseAddresses") {
		t.Errorf("listing nodes: %v", err)
	}
	h.err = forbidden
	if err := h.run(t, h.options()); !apierrors.IsForbidden(err) {
		t.Errorf("reading the Service: %v", err)
	}
}

func TestKubeconfigHasEveryWayIn(t *testing.T) {
	h := newHost(corev1.ServiceTypeClusterIP)
	o := h.options()
	o.TokenAuth, o.BasicAuth = true, true
	if err := h.run(t, o); err != nil {
		t.Fatal(err)
	}
	s := h.secrets.All()["fellowship-kubeconfig"]
	if err := secrets.Owned(s, "fellowship"); err != nil {
		t.Error(err)
	}
	config, err := kubeconfig.Decode(s.Data["kubeconfig"])
	if err != nil {
		t.Fatal(err)
	}
	cluster, user, basic := config.Clusters["fellowship"], config.AuthInfos["fellowship"], config.AuthInfos["fellowship-basic-auth"]
	if string(cluster.CertificateAuthorityData) != "CA" || cluster.TLSServerName != "fellowship-apiserver.federation-system.svc" {
		t.Errorf("CA %q, name %q", cluster.CertificateAuthorityData, cluster.TLSServerName)
	}
	if string(user.ClientCertificateData) != "CERT" || string(user.ClientKeyData) != "KEY" || user.Token != "t0ken" {
		t.Error("certificate, key or token of the administrator is wrong")
	}
	if basic == nil || basic.Username != "admin" || basic.Password != "passw0rd" {
		t.Error("the user with a password is wrong")
	}
	if strings.Contains(h.out.String(), "t0ken") || strings.Contains(h.out.String(), "passw0rd") {
		t.Errorf("a secret is shown:\n%s", h.out.String())
	}

	o.TokenAuth, o.BasicAuth = false, false // switched off again
	if err := h.run(t, o); err != nil {
		t.Fatal(err)
	}
	config, err = kubeconfig.Decode(h.secrets.All()["fellowship-kubeconfig"].Data["kubeconfig"])
	if err != nil {
		t.Fatal(err)
	}
	if config.AuthInfos["fellowship"].Token != "" || config.AuthInfos["fellowship-basic-auth"] != nil {
		t.Error("token or password are still there")
	}
}

func TestCredentialsOfTheUsersOwnAreUsed(t *testing.T) {
	h := newHost(corev1.ServiceTypeClusterIP)
	h.put("x", map[string]string{"tokens.csv": "mine,me,1\n"})
	h.put("y", map[string]string{"basicauth.csv": "hash,me,1\n"}) // whose password only the user knows
	o := h.options()
	o.TokenAuth, o.BasicAuth, o.TokenSecret, o.BasicSecret = true, true, "fellowship-x", "fellowship-y"
	if err := h.run(t, o); err != nil {
		t.Fatal(err)
	}
	config, err := kubeconfig.Decode(h.secrets.All()["fellowship-kubeconfig"].Data["kubeconfig"])
	if err != nil {
		t.Fatal(err)
	}
	if config.AuthInfos["fellowship"].Token != "mine" || config.AuthInfos["fellowship-basic-auth"] != nil {
		t.Error("the kubeconfig does not have the user's own token alone")
	}
}

func TestSecondRunChangesNothing(t *testing.T) {
	h := newHost(corev1.ServiceTypeNodePort)
	h.nodes = []corev1.Node{node("b", corev1.ConditionTrue, internal("172.18.0.3"))}
	if err := h.run(t, h.options()); err != nil {
		t.Fatal(err)
	}
	writes := h.secrets.Writes
	h.nodes = append(h.nodes, node("a", corev1.ConditionTrue, internal("172.18.0.2")))
	if err := h.run(t, h.options()); err != nil {
		t.Fatal(err)
	}
	if h.secrets.Writes != writes || h.server(t) != "https://172.18.0.3:30443" {
		t.Errorf("a node more, and the kubeconfig leads to %s", h.server(t))
	}
	h.nodes = h.nodes[1:]
	if err := h.run(t, h.options()); err != nil {
		t.Fatal(err)
	}
	if got := h.server(t); got != "https://172.18.0.2:30443" {
		t.Errorf("its node is gone, and the kubeconfig leads to %s", got)
	}
}

func TestFailureHalfWayIsMendedByTheNextRun(t *testing.T) {
	h := newHost(corev1.ServiceTypeClusterIP)
	o := h.options()
	issue := o.Issue
	o.Issue = func(context.Context, []string) error { return fakehost.ErrInjected }
	if err := h.run(t, o); !errors.Is(err, fakehost.ErrInjected) {
		t.Fatalf("Run = %v", err)
	}
	if h.secrets.All()["fellowship-kubeconfig"] != nil {
		t.Error("there is a kubeconfig for a server whose certificate does not name the address")
	}
	o.Issue = issue
	h.secrets.FailWrite = 1
	if err := h.run(t, o); !errors.Is(err, fakehost.ErrInjected) {
		t.Fatalf("Run = %v", err)
	}
	if err := h.run(t, o); err != nil {
		t.Fatal(err)
	}
	if got := h.server(t); got != "https://10.96.3.4" {
		t.Errorf("the kubeconfig leads to %s", got)
	}
}

func TestMissingAdministratorIsNamed(t *testing.T) {
	h := newHost(corev1.ServiceTypeClusterIP)
	h.secrets.Remove("fellowship-admin-certs")
	if err := h.run(t, h.options()); err == nil || !strings.Contains(err.Error(), "fellowship-admin-certs does not exist") {
		t.Errorf("Run = %v", err)
	}
}

func TestKubeconfigOfTheUsersOwnStays(t *testing.T) {
	h := newHost(corev1.ServiceTypeClusterIP)
	mine := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-kubeconfig", Namespace: "federation-system"}}
	h.secrets.Put(mine)
	if err := h.run(t, h.options()); err == nil || !strings.Contains(err.Error(), "not made by this hook") {
		t.Errorf("with certificates made here: %v", err)
	}
	o := h.options()
	o.OwnCertificates = true
	if err := h.run(t, o); err != nil {
		t.Fatal(err)
	}
	if len(h.secrets.All()["fellowship-kubeconfig"].Data) > 0 {
		t.Error("it was written to")
	}
}

func TestValidate(t *testing.T) {
	err := Options{Type: "ExternalName", Advertise: []string{"192.0.2.1", "api.example.com", "http://x"}}.Validate()
	if err == nil || !strings.Contains(err.Error(), "--service-type") || !strings.Contains(err.Error(), `--advertise-address "http://x"`) {
		t.Errorf("Validate = %v", err)
	}
	if strings.Count(err.Error(), "--advertise-address") != 1 {
		t.Errorf("good addresses are refused: %v", err)
	}
}
