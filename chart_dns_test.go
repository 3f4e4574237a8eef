package fedhelm_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// served is what makes the chart federation-dns make something.
const served = `global: {dns: {provider: coredns, zone: example.com.}}`

var refusedOfDNS = []refusal{
	{"an unknown key of the DNS server's chart", dnsServer, `{` + served + `, replicas: 2}`, "additional properties 'replicas' not allowed"},
	{"an unknown key of the DNS server", dnsServer, `{` + served + `, server: {replica: 2}}`, "additional properties 'replica' not allowed"},
	{"an unknown key of the DNS server's Service, through the umbrella", umbrella, `{` + served + `, dns: {server: {service: {port: 53}}}}`, "additional properties 'port' not allowed"},
	{"a DNS server of no version", dnsServer, `{` + served + `, server: {image: {tag: ""}}}`, "set server.image.tag"},
	{"its etcd of no version", dnsServer, `{` + served + `, etcd: {image: {tag: ""}}}`, "set etcd.image.tag"},
	{"an unknown key of a zone", umbrella, `{global: {dns: {provider: coredns, zone: a., additional: [{provider: rfc2136, zone: b., id: c}]}}}`, "additional properties 'id' not allowed"},
	{"a zone of nobody", umbrella, `{global: {dns: {provider: coredns, zone: a., additional: [{zone: b.}]}}}`, "missing property 'provider'"},
	{"a further zone without its last dot", umbrella, `{global: {dns: {provider: coredns, zone: a., additional: [{provider: rfc2136, zone: b}]}}}`, "at '/global/dns/additional/0/zone'"},
	{"a zone id that would end its flag", controlPlane, `{global: {dns: {zoneID: "a,config=/etc/shadow"}}}`, "at '/global/dns/zoneID'"},
	{"a TTL without a unit", umbrella, `{global: {dns: {ttl: "60"}}}`, "at '/global/dns/ttl'"},
	{"further zones without a first one", umbrella, `{global: {dns: {additional: [{provider: rfc2136, zone: b.}]}}}`, "global.dns.additional is given without a provider"},
	{"a suffix outside of its zone", umbrella, `{global: {dns: {provider: coredns, zone: example.com., suffix: example.org.}}}`, `not in its zone: set it to "example.com."`},
	{"a suffix that only ends like its zone", umbrella, `{global: {dns: {provider: coredns, zone: a.b., suffix: xa.b.}}}`, "not in its zone"},
	{"a further suffix outside of its zone", umbrella, `{global: {dns: {provider: coredns, zone: a., additional: [{provider: rfc2136, zone: b., suffix: c.}]}}}`, "global.dns.additional[0].suffix"},
	{"a zone twice", umbrella, `{global: {dns: {provider: rfc2136, zone: a., additional: [{provider: rfc2136, zone: A.}]}}}`, `the zone "a." of provider "rfc2136" is named twice`},
	{"updates for no server", controlPlane, `{global: {dns: {provider: rfc2136, zone: a.}}}`, `global.dns.provider is "rfc2136" without a configSecret`},
	{"further updates for no server", umbrella, `{global: {dns: {provider: coredns, zone: a., additional: [{provider: rfc2136, zone: b.}]}}}`, `global.dns.additional[0].provider is "rfc2136" without a configSecret`},
	{"a zone that is no host's name", umbrella, `{global: {dns: {provider: coredns, zone: a_b.}}}`, "at '/global/dns/zone'"},
	{"a server that nobody makes", controlPlane, `{` + served + `}`, "set global.dns.configSecret"},
	{"names of others from a server that knows none", umbrella, `{` + served + `, controlPlane: {controllerManager: {dns: {hostnames: cname}}}}`, `controlPlane.controllerManager.dns.hostnames is "cname"`},
	{"an unknown way with hostnames", controlPlane, `{controllerManager: {dns: {hostnames: alias}}}`, "at '/controllerManager/dns/hostnames'"},
	{"a server without a zone", dnsServer, `{global: {dns: {provider: coredns}}}`, "set global.dns.zone"},
	{"an advertised name", dnsServer, `{` + served + `, server: {service: {advertiseAddresses: [ns.example.com]}}}`, "at '/server/service/advertiseAddresses/0'"},
	{"an advertised address with a port", dnsServer, `{` + served + `, server: {service: {advertiseAddresses: ["192.0.2.53:53"]}}}`, "at '/server/service/advertiseAddresses/0'"},
	{"an advertised address that is none", dnsServer, `{` + served + `, server: {service: {advertiseAddresses: [192.0.2.530]}}}`, "at '/server/service/advertiseAddresses/0'"},
	{"an advertised address of a word", dnsServer, `{` + served + `, server: {service: {advertiseAddresses: [face]}}}`, "at '/server/service/advertiseAddresses/0'"},
	{"an advertised address that leads nowhere", dnsServer, `{` + served + `, server: {service: {advertiseAddresses: ["::"]}}}`, "at '/server/service/advertiseAddresses/0'"},
	{"a DNS node port without type NodePort", umbrella, `{` + served + `, dns: {server: {service: {nodePort: 30053}}}}`, "set dns.server.service.type to NodePort"},
	{"source ranges without a DNS load balancer", dnsServer, `{` + served + `, server: {service: {type: ClusterIP, loadBalancerSourceRanges: [10.0.0.0/8]}}}`, "set server.service.type to LoadBalancer"},
	{"a DNS traffic policy without an outside", dnsServer, `{` + served + `, server: {service: {type: ClusterIP, externalTrafficPolicy: Local}}}`, "leave it empty"},
	{"five members of the DNS server's etcd", dnsServer, `{` + served + `, etcd: {replicas: 5}}`, "at '/etcd/replicas'"},
	{"a claim that the DNS server's etcd does not use", dnsServer, `{` + served + `, etcd: {persistence: {enabled: false, existingClaim: a}}}`, "set etcd.persistence.enabled to true"},
	{"one claim for three members of the DNS server's etcd", dnsServer, `{` + served + `, etcd: {replicas: 3, persistence: {existingClaim: a}}}`, "set etcd.replicas to 1"},
}

// A server is made for zones of provider coredns for which the user brings none, and for no others.
func TestWhenADNSServerIsMade(t *testing.T) {
	tests := []struct {
		name, dns string
		zones     string // of the Corefile; "": there is no server
	}{
		{"no DNS at all", `{}`, ""},
		{"a zone without a provider", `{zone: example.com.}`, ""},
		{"a server of the user's", `{provider: coredns, zone: example.com., configSecret: a}`, ""},
		{"another provider", `{provider: aws-route53, zone: example.com.}`, ""},
		{"provider coredns alone", `{provider: coredns, zone: Example.COM.}`, "example.com:5353 {"},
		{"a further zone", `{provider: rfc2136, zone: a., configSecret: b, additional: [{provider: coredns, zone: inner.example.}]}`, "inner.example:5353 {"},
		{"a further zone of a server of the user's", `{provider: rfc2136, zone: a., configSecret: b, additional: [{provider: coredns, zone: b., configSecret: c}]}`, ""},
		{"several zones, one of them in capitals", `{provider: coredns, zone: a., additional: [{provider: coredns, zone: B.}]}`, "a:5353 b:5353 {"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs := byID(render(t, umbrella, parseValues(t, `{global: {dns: `+tt.dns+`}}`)))
			corefile := ""
			if config, there := docs["ConfigMap fellowship-dns"]; there {
				corefile, _, _ = unstructured.NestedString(config.object.Object, "data", "Corefile")
			}
			if first, _, _ := strings.Cut(corefile, "\n"); first != tt.zones {
				t.Errorf("the server answers for %q, want %q", first, tt.zones)
			}
			for _, id := range []string{"Deployment fellowship-dns", "StatefulSet fellowship-dns-etcd", "ConfigMap fellowship-dns-provider", "ConfigMap fellowship-dns-servers"} {
				if _, there := docs[id]; there != (tt.zones != "") {
					t.Errorf("there is a %s: %t", id, there)
				}
			}
			job := docs["Job fellowship-pki"]
			if got := strings.Contains(job.text, "--dns-etcd"); got != (tt.zones != "") {
				t.Errorf("certificates are made for it: %t", got)
			}
		})
	}
}

func byID(docs []document) map[string]document {
	all := map[string]document{}
	for _, d := range docs {
		all[d.id()] = d
	}
	return all
}

// What the flags of the controller manager and of the teardown hook name is mounted into their containers.
func TestConfigurationsOfDNSProvidersAreMountedWhereTheyAreNamed(t *testing.T) {
	for file, docs := range rendered(t, umbrella) {
		for _, p := range append(templates(t, docs), templates(t, rendered(t, controlPlane)[filepath.Join(controlPlane, "testdata", "dns-zones.values.yaml")])...) {
			for _, c := range p.containers() {
				for _, arg := range c.Args {
					_, path, named := strings.Cut(arg, "config=/")
					if !named || !strings.HasPrefix(arg, "--dns-") {
						continue
					}
					path, _, _ = strings.Cut("/"+path, ",")
					if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == filepath.Dir(path) && m.ReadOnly }) {
						t.Errorf("%s: %s, container %q: %q is not mounted", file, p.owner, c.Name, path)
					}
				}
			}
		}
	}
}

// Records are removed with the right that they are written with, and who writes them ends before.
func TestTeardownHasWhatRemovesRecords(t *testing.T) {
	values := `{provider: aws-route53, zone: example.com., configSecret: a}`
	docs := byID(render(t, umbrella, parseValues(t, `{global: {dns: `+values+`}, controlPlane: {controllerManager: {
		serviceAccount: {annotations: {role: dns}}, extraEnv: [{name: AWS_REGION, value: x}],
		extraVolumes: [{name: more, emptyDir: {}}], extraVolumeMounts: [{name: more, mountPath: /more}]}}}`)))
	account := docs["ServiceAccount fellowship-teardown"].object
	if account.GetAnnotations()["role"] != "dns" || account.GetAnnotations()["helm.sh/hook"] != "pre-delete" {
		t.Errorf("its ServiceAccount has annotations %v", account.GetAnnotations())
	}
	job := templates(t, []document{docs["Job fellowship-teardown"]})[0]
	mounted := map[string]string{}
	for _, m := range job.spec.Containers[0].VolumeMounts {
		mounted[m.Name] = m.MountPath
	}
	want := map[string]string{"certs": "/etc/federation/controller-manager", "dns-provider": "/etc/federation/dns-provider", "more": "/more"}
	if diff := cmp.Diff(want, mounted); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
	if env := job.spec.Containers[0].Env; len(env) != 1 || env[0].Name != "AWS_REGION" {
		t.Errorf("environment %v", env)
	}
	for _, without := range []string{`{}`, `{provider: coredns, zone: example.com.}`} {
		docs := byID(render(t, umbrella, parseValues(t, `{global: {dns: `+without+`}, controlPlane: {controllerManager: {extraEnv: [{name: a, value: b}]}}}`)))
		job := templates(t, []document{docs["Job fellowship-teardown"]})[0]
		if c := job.spec.Containers[0]; len(c.VolumeMounts)+len(c.Env)+len(job.spec.Volumes) > 0 || strings.Contains(strings.Join(c.Args, " "), "dns") {
			t.Errorf("with %s there are no records to remove, and the Job has %v", without, c)
		}
		if strings.Contains(docs["Role fellowship-teardown"].text, "deployments") {
			t.Errorf("with %s it may change Deployments", without)
		}
	}
}

func TestOnlyANodePortLetsPublishLookForNodes(t *testing.T) {
	for file, docs := range rendered(t, dnsServer) {
		for _, id := range slices.Sorted(maps.Keys(byID(docs))) {
			if strings.HasPrefix(id, "ClusterRole") && file != dnsServer+"/testdata/node-port.values.yaml" {
				t.Errorf("%s: %s", file, id)
			}
		}
	}
}
