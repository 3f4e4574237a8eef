package publish

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// site is a host with a DNS server too.
type site struct {
	*host
	dns     *corev1.Service
	configs map[string]map[string]string // data of the ConfigMaps that there are
	failing error
}

func (s *site) Get(ctx context.Context, name string, o metav1.GetOptions) (*corev1.Service, error) {
	if s.dns != nil && s.dns.Name == name {
		return s.dns.DeepCopy(), nil
	}
	return s.host.Get(ctx, name, o)
}

func (s *site) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*corev1.ConfigMap, error) {
	if s.failing != nil {
		return nil, s.failing
	}
	if s.configs[name] == nil {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, name)
	}
	var patch struct{ Data map[string]string }
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, err
	}
	s.configs[name] = patch.Data
	return nil, nil
}

func newSite(kind corev1.ServiceType, status ...corev1.LoadBalancerIngress) *site {
	return &site{
		host: newHost(corev1.ServiceTypeClusterIP),
		dns: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "fellowship-dns"},
			Spec: corev1.ServiceSpec{
				Type: kind, ClusterIPs: []string{"10.96.3.53", "fd00::53"},
				Ports: []corev1.ServicePort{{Name: "dns-tcp", Port: 53, NodePort: 30053}, {Name: "dns", Port: 53, NodePort: 30053}},
			},
			Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: status}},
		},
		configs: map[string]map[string]string{"fellowship-dns-servers": {}},
	}
}

func (s *site) publish(t *testing.T) error {
	t.Helper()
	o := s.options()
	o.Services, o.ConfigMaps, o.DNSService = s, s, "fellowship-dns"
	return s.run(t, o)
}

func TestWhereTheDNSServerIsReached(t *testing.T) {
	advertised := newSite(corev1.ServiceTypeLoadBalancer)
	advertised.dns.Annotations = map[string]string{"federation.fedhelm.io/advertise-addresses": "203.0.113.7,2001:db8::7"}
	advertisedPort := newSite(corev1.ServiceTypeNodePort)
	advertisedPort.dns.Annotations = advertised.dns.Annotations
	advertisedPort.listErr = errors.New("nobody may look for nodes")
	nodes := newSite(corev1.ServiceTypeNodePort)
	nodes.nodes = []corev1.Node{node("b", corev1.ConditionTrue, internal("172.18.0.3")), node("a", corev1.ConditionTrue, internal("172.18.0.2"))}
	tests := []struct {
		name string
		site *site
		want string
	}{
		{"at a load balancer's addresses", newSite(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{IP: "203.0.113.9"}, corev1.LoadBalancerIngress{IP: "203.0.113.10"}), "203.0.113.10:53,203.0.113.9:53"},
		{"at a load balancer's name", newSite(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{Hostname: "lb.example.org"}), "lb.example.org:53"},
		{"at the nodes, by their port", nodes, "172.18.0.2:30053,172.18.0.3:30053"},
		{"at the Service's own addresses", newSite(corev1.ServiceTypeClusterIP), "10.96.3.53:53,[fd00::53]:53"},
		{"where the user says, without waiting for a load balancer", advertised, "203.0.113.7:53,[2001:db8::7]:53"},
		{"where the user says, by the nodes' port", advertisedPort, "203.0.113.7:30053,[2001:db8::7]:30053"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.site.publish(t); err != nil {
				t.Fatal(err)
			}
			if got := tt.site.configs["fellowship-dns-servers"]["servers"]; got != tt.want {
				t.Errorf("members are told %q, want %q", got, tt.want)
			}
		})
	}
}

func TestADNSServerThatIsNotReachedIsNamed(t *testing.T) {
	gone := newSite(corev1.ServiceTypeClusterIP)
	gone.dns = nil
	noMap := newSite(corev1.ServiceTypeClusterIP)
	noMap.configs = nil
	noNodes := newSite(corev1.ServiceTypeNodePort)
	noNodes.listErr = apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("no"))
	tests := []struct {
		name string
		site *site
		says []string
	}{
		{"no load balancer", newSite(corev1.ServiceTypeLoadBalancer), []string{"no load balancer gave the DNS server's Service federation-system/fellowship-dns an address within 400ms", "--set dns.server.service.type=NodePort"}},
		{"no Service", gone, []string{"for Service federation-system/fellowship-dns to exist"}},
		{"no node that is Ready", newSite(corev1.ServiceTypeNodePort), []string{"for a node to be Ready"}},
		{"nodes that may not be listed", noNodes, []string{"dns.server.service.advertiseAddresses"}},
		{"no ConfigMap", noMap, []string{"configmap federation-system/fellowship-dns-servers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.site.publish(t)
			if err == nil {
				t.Fatal("no error")
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q: %v", says, err)
				}
			}
			if tt.site.secrets.All()["fellowship-kubeconfig"] == nil {
				t.Error("the kubeconfig waits for the DNS server")
			}
		})
	}
}

func TestFailureToTellOfTheDNSServerIsMendedByTheNextRun(t *testing.T) {
	s := newSite(corev1.ServiceTypeClusterIP)
	s.failing = errors.New("broken")
	if err := s.publish(t); !errors.Is(err, s.failing) {
		t.Fatalf("Run = %v", err)
	}
	s.failing = nil
	for range 2 {
		if err := s.publish(t); err != nil || s.configs["fellowship-dns-servers"]["servers"] != "10.96.3.53:53,[fd00::53]:53" {
			t.Fatalf("Run = %v, and members are told %v", err, s.configs)
		}
	}
}
