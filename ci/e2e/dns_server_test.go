//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// zoneServer is the bundled server of a federation's zone, as clients ask it.
type zoneServer struct {
	s       *sandbox
	name    string // of its Service
	servers []string
}

// zoneServer waits until it can be asked.
func (s *sandbox) zoneServer(federation string) *zoneServer {
	s.Helper()
	d := &zoneServer{s: s, name: federation + "-dns"}
	s.eventually(time.Minute, "the zone's server has an address", func() error {
		address := s.kubectl(hostContext, "--namespace="+s.namespace, "get", "service", d.name, "--output=jsonpath={.status.loadBalancer.ingress[0].ip}")
		if address == "" {
			return fmt.Errorf("none yet")
		}
		d.servers = []string{address + ":53"}
		return nil
	})
	return d
}

// levels are the names of a Service (NAME.NAMESPACE) in a federation of gondor and mordor: of zones, of regions, the global one.
func levels(service, federation string) []string {
	prefix := service + "." + federation + ".svc."
	return []string{
		prefix + "ap-south-a.ap-south.example.com.", prefix + "eu-west-a.eu-west.example.com.",
		prefix + "example.com.",
		prefix + "ap-south.example.com.", prefix + "eu-west.example.com.",
	}
}

// dump is what the server answers for names, a line for each record, sorted: "" if there is none. It is asked over UDP, and over TCP, with
// the same answer.
func (d *zoneServer) dump(s *sandbox, names []string) string {
	s.Helper()
	var lines []string
	for _, name := range names {
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeTXT} {
			question := new(dns.Msg).SetQuestion(name, kind)
			if kind == dns.TypeTXT {
				question.SetQuestion("_fedhelm."+name, kind)
			}
			var byUDP, byTCP []string
			s.eventually(30*time.Second, name+" is the same over UDP and TCP", func() error {
				if byUDP, byTCP = d.ask(s, "udp", question), d.ask(s, "tcp", question); !slices.Equal(byUDP, byTCP) {
					return fmt.Errorf("by UDP %v, by TCP %v", byUDP, byTCP) // it may have changed in between
				}
				return nil
			})
			lines = append(lines, byUDP...)
		}
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}

func (d *zoneServer) ask(s *sandbox, network string, question *dns.Msg) []string {
	s.Helper()
	var lines []string
	s.eventually(30*time.Second, "the zone's server answers", func() error {
		answer, _, err := (&dns.Client{Net: network, Timeout: 2 * time.Second}).Exchange(question, d.servers[0])
		if err != nil {
			return err
		}
		if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
			return fmt.Errorf("it answers %s", dns.RcodeToString[answer.Rcode])
		}
		lines = nil
		for _, r := range answer.Answer {
			r.Header().Ttl = 0 // what a cache has counted down
			lines = append(lines, strings.ReplaceAll(r.String(), "\t", " "))
		}
		slices.Sort(lines)
		return nil
	})
	return lines
}

// becomes waits until the names have these records again.
func (d *zoneServer) becomes(s *sandbox, names []string, want string) {
	s.Helper()
	s.eventually(2*time.Minute, "the zone is as it was", func() error {
		if got := d.dump(s, names); got != want {
			return fmt.Errorf("it has\n%s\ninstead of\n%s", got, want)
		}
		return nil
	})
}

// becomesWith waits until some of the names have a record with text in it.
func (d *zoneServer) becomesWith(s *sandbox, names []string, text string) {
	s.Helper()
	s.eventually(2*time.Minute, "the zone has "+text, func() error {
		if got := d.dump(s, names); !strings.Contains(got, text) {
			return fmt.Errorf("it has\n%s", got)
		}
		return nil
	})
}

// becomesWithout waits until none of the names has a record with text in it, and all have one.
func (d *zoneServer) becomesWithout(s *sandbox, names []string, text string) {
	s.Helper()
	s.eventually(2*time.Minute, "the zone has nothing of "+text, func() error {
		if got := d.dump(s, names); got == "" || strings.Contains(got, text) {
			return fmt.Errorf("it has\n%s", got)
		}
		return nil
	})
}

// address is that of a Service in a member.
func (d *zoneServer) address(s *sandbox, member, namespace, name string) string {
	s.Helper()
	address := s.kubectl(member, "--namespace="+namespace, "get", "service", name, "--output=jsonpath={.status.loadBalancer.ingress[0].ip}")
	if address == "" {
		s.Fatalf("Service %s/%s has no address in %s", namespace, name, member)
	}
	return address
}

// key is where the server's etcd has a name.
func (d *zoneServer) key(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return "/skydns/" + strings.Join(labels, "/")
}

// meddle changes the server's etcd by the credentials of the controller manager.
func (d *zoneServer) meddle(s *sandbox, change func(ctx context.Context, etcd *clientv3.Client) error) {
	s.Helper()
	secret, err := bed.host.client.CoreV1().Secrets(s.namespace).Get(s.Context(), d.name+"-client-certs", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	certificate, err := tls.X509KeyPair(secret.Data["client.crt"], secret.Data["client.key"])
	if err != nil {
		s.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(secret.Data["ca.crt"]) {
		s.Fatalf("Secret %s has no ca.crt", secret.Name)
	}
	service, err := bed.host.client.CoreV1().Services(s.namespace).Get(s.Context(), d.name+"-etcd-client", metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	// The certificate is for the name, which only the cluster's own DNS knows.
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(service.Spec.ClusterIP, "2379"))
	}
	etcd, err := clientv3.New(clientv3.Config{
		Endpoints:   []string{"https://" + service.Name + "." + s.namespace + ".svc:2379"},
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(dial)},
		TLS:         &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		s.Fatal(err)
	}
	defer etcd.Close()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
	defer cancel()
	if err := change(ctx, etcd); err != nil {
		s.Fatal(err)
	}
}
