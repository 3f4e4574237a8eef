//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/testutil/bind"
)

// tsigKey is what the users' server knows the federation by.
var tsigKey = bind.Key{Name: "fedhelm.", Secret: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="}

const usersDNS = `[Global]
server = SERVER
zones = example.org.
tsig-name = fedhelm
tsig-secret = SECRET
`

// sitePods back the Services. Nodes that are simulated let them be ready by themselves.
const sitePods = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: docker.io/library/busybox:stable}]}
`

// TestZoneOfTheUsers has a federation keep its names in a zone of a BIND that others have records in. Time and again the zone is compared
// whole: it must hold what it held before, the names as documented, and nothing else.
func TestZoneOfTheUsers(t *testing.T) {
	s := newSandbox(t)
	first, second := s.member(rohan), s.member(arnor)
	namespace := s.namespace + "-site"
	foreign := "mail." + namespace + ".fellowship.svc.example.org."
	server := bind.Start(t, bind.Options{IP: machine, Zone: "example.org.", Records: foreign + " A 192.0.2.7\n", Key: tsigKey})
	z := &usersZone{server: server, before: server.Transfer(t), namespace: namespace, foreign: foreign}
	config := s.write("bind.conf", strings.NewReplacer("SERVER", server.Address, "SECRET", tsigKey.Secret).Replace(usersDNS))
	z.r = s.realm("fellowship", "--dns-provider=rfc2136", "--dns-zone-name=example.org.", "--dns-provider-config="+config)
	z.r.join(s, first, "--cluster-dns=none")
	z.r.join(s, second, "--cluster-dns=none")
	s.kubectl(z.r.name, "create", "namespace", namespace)
	z.r.apply(s, namespace, sitePods)
	z.stands(s, "True Synced")
	z.has(s)

	s.step("a Service is published at all levels", func(s *sandbox) {
		z.service(s, "web")
		z.has(s, "web")
		z.r.kubectl(s, namespace, "wait", "service/web", "--for=condition=federation.fedhelm.io/DNS", "--timeout=60s")
	})
	s.step("a name is somebody else's", func(s *sandbox) { z.conflict(s) })
	s.step("the Service gets another type and has its own again", func(s *sandbox) { z.retyped(s) })
	s.step("the server is killed", func(s *sandbox) { z.killed(s) })
	s.step("a member leaves", func(s *sandbox) {
		z.r.part(s, arnor, "--workloads=delete")
		z.has(s, "web", "late")
		if left := z.lines(s, "eu-west"); len(left) > 0 {
			s.Errorf("there still are names of the place that nobody is at any more:\n%s", strings.Join(left, "\n"))
		}
	})
	z.r.clear(s, namespace)
	z.has(s)
	z.r.part(s, rohan)
	s.step("what nobody removed goes with the federation", func(s *sandbox) { z.deleted(s) })
}

// usersZone is one that a federation of rohan and arnor shares with others.
type usersZone struct {
	r         *realm
	server    *bind.Server
	before    []string // what the zone had before the federation
	namespace string
	foreign   string // name in the zone that somebody else has, and that a Service called mail would have
}

// places are the labels of the members' zones and regions.
var places = map[string]string{rohan: "us-east-a.us-east", arnor: "eu-west-b.eu-west"}

// service makes one that the pods back.
func (z *usersZone) service(s *sandbox, name string) {
	s.Helper()
	z.r.apply(s, z.namespace, fmt.Sprintf("{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}", name))
}

// has waits until the zone is as it was before the federation but for all names of these Services, which lead to the members that there are.
func (z *usersZone) has(s *sandbox, services ...string) {
	s.Helper()
	s.eventually(2*time.Minute, fmt.Sprintf("the zone has the names of %q, and nothing else", services), func() error {
		want := slices.Clone(z.before)
		for _, service := range services {
			for _, member := range z.r.joined() {
				address := s.try(30*time.Second, "kubectl", "--context="+member, "--namespace="+z.namespace, "get", "service", service,
					"--output=jsonpath={.status.loadBalancer.ingress[0].ip}").stdout
				if address == "" {
					return fmt.Errorf("Service %s has no address in %s", service, member)
				}
				place := places[member]
				_, region, _ := strings.Cut(place, ".")
				for _, where := range []string{place + ".", region + ".", ""} {
					name := z.name(service, where)
					want = append(want, name+" 60 IN A "+address, z.mark(service, name))
				}
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), z.server.Transfer(s)); diff != "" {
			return fmt.Errorf("it is not as wanted (-want +got):\n%s", diff)
		}
		return nil
	})
}

// name is that of a Service at a level: where is ZONE.REGION., REGION., or "" for the global one.
func (z *usersZone) name(service, where string) string {
	return service + "." + z.namespace + "." + z.r.name + ".svc." + where + "example.org."
}

// mark is the record that says whose a name is.
func (z *usersZone) mark(service, name string) string {
	return fmt.Sprintf(`_fedhelm.%s 300 IN TXT "heritage=fedhelm,federation=%s,uid=%s,service=%s/%s"`, name, z.r.name, z.r.uid, z.namespace, service)
}

// lines are those of the zone with text in them.
func (z *usersZone) lines(s *sandbox, text string) []string {
	s.Helper()
	return slices.DeleteFunc(z.server.Transfer(s), func(line string) bool { return !strings.Contains(line, text) })
}

// stands waits until the federation says how it stands with the zone: status and reason of its DNSZone's condition Ready.
func (z *usersZone) stands(s *sandbox, want string) {
	s.Helper()
	const ready = `.status.conditions[?(@.type=="Ready")]`
	s.eventually(2*time.Minute, "DNSZone example.org is Ready "+want, func() error {
		r := s.try(30*time.Second, "kubectl", "--context="+z.r.name, "get", "dnszone", "example.org", "--output=jsonpath={"+ready+".status} {"+ready+".reason}")
		if r.stdout != want {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
}

// conflict has a Service that would be called like what is there.
func (z *usersZone) conflict(s *sandbox) {
	z.service(s, "mail")
	z.r.kubectl(s, z.namespace, "wait", "service/mail", `--for=jsonpath={.status.conditions[?(@.type=="federation.fedhelm.io/DNS")].reason}=Conflict`, "--timeout=60s")
	var there []string
	for _, line := range z.lines(s, z.foreign) {
		if strings.HasPrefix(line, z.foreign+" ") || strings.HasPrefix(line, "_fedhelm."+z.foreign+" ") {
			there = append(there, line)
		}
	}
	if want := []string{z.foreign + " 300 IN A 192.0.2.7"}; !slices.Equal(there, want) {
		s.Errorf("at the name that is somebody else's there is %q, want %q", there, want)
	}
	z.r.kubectl(s, z.namespace, "delete", "service", "mail")
	z.has(s, "web")
}

// retyped takes the Service out of the zone and puts it back.
func (z *usersZone) retyped(s *sandbox) {
	published := z.server.Transfer(s)
	z.r.kubectl(s, z.namespace, "patch", "service", "web", "--type=merge", `--patch={"spec": {"type": "ClusterIP"}}`)
	z.has(s)
	z.r.kubectl(s, z.namespace, "patch", "service", "web", "--type=merge", `--patch={"spec": {"type": "LoadBalancer"}}`)
	z.has(s, "web")
	if diff := cmp.Diff(published, z.server.Transfer(s)); diff != "" {
		s.Errorf("the zone is not as it was before the Service had another type (-before +now):\n%s", diff)
	}
}

// killed takes the server away, which must hold up nothing but names.
func (z *usersZone) killed(s *sandbox) {
	z.server.Stop()
	z.service(s, "late")
	z.stands(s, "False Unreachable")
	z.r.kubectl(s, z.namespace, "create", "configmap", "settings", "--from-literal=color=grey")
	for _, member := range z.r.joined() {
		s.eventually(30*time.Second, "the ConfigMap is in "+member, func() error {
			if r := s.try(30*time.Second, "kubectl", "--context="+member, "--namespace="+z.namespace, "get", "configmap", "settings"); r.code != 0 {
				return fmt.Errorf("%s", r)
			}
			return nil
		})
	}
	z.stands(s, "False Unreachable")
	z.server.Start()
	begin := time.Now()
	z.stands(s, "True Synced")
	z.has(s, "web", "late")
	s.Logf("what was made meanwhile is published %.1f s after the server was back", time.Since(begin).Seconds())
}

// deleted deletes the federation, which has no members, while the zone has a name of it that its controller manager could not remove.
func (z *usersZone) deleted(s *sandbox) {
	s.host("scale", "deployment/"+z.r.name+"-controller-manager", "--replicas=0")
	s.host("wait", "--for=delete", "pod", "--selector=app.kubernetes.io/instance="+z.r.name+",app.kubernetes.io/component=controller-manager", "--timeout=2m")
	name := z.name("forgotten", "us-east.")
	left := []string{z.mark("forgotten", name), name + " 60 IN A 192.0.2.9"}
	z.server.Update(s, func(m *dns.Msg) {
		for _, line := range left {
			rr, err := dns.NewRR(line)
			if err != nil {
				s.Fatal(err)
			}
			m.Insert([]dns.RR{rr})
		}
	})
	if got := z.lines(s, "forgotten."); !slices.Equal(got, left) {
		s.Fatalf("the zone has %q, want %q", got, left)
	}
	s.purge(z.r.name)
	if diff := cmp.Diff(z.before, z.server.Transfer(s)); diff != "" {
		s.Errorf("the zone is not as it was before the federation (-before +after):\n%s", diff)
	}
}
