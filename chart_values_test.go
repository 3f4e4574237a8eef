package fedhelm_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chartutil"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// refusal is values that must be turned away, and what the user is told.
type refusal struct{ name, chart, values, want string }

var refused = []refusal{
	{"unknown key at the top of the umbrella", umbrella, `{controlPlan: {}}`, "additional properties 'controlPlan' not allowed"},
	{"unknown key in global", umbrella, `{global: {images: {}}}`, "additional properties 'images' not allowed"},
	{"unknown key of the control plane, through the umbrella", umbrella, `{controlPlane: {etcd: {replica: 3}}}`, "additional properties 'replica' not allowed"},
	{"unknown key in a Service", controlPlane, `{apiServer: {service: {nodeport: 30000}}}`, "additional properties 'nodeport' not allowed"},
	{"unknown key in a probe", controlPlane, `{etcd: {probes: {liveness: {path: /}}}}`, "additional properties 'path' not allowed"},
	{"unknown key in authentication", controlPlane, `{apiServer: {auth: {oidc: {}}}}`, "additional properties 'oidc' not allowed"},
	{"an even number of etcd members", controlPlane, `{etcd: {replicas: 2}}`, "at '/etcd/replicas'"},
	{"an unknown type of Service", controlPlane, `{apiServer: {service: {type: ExternalName}}}`, "at '/apiServer/service/type'"},
	{"a port out of range", controlPlane, `{apiServer: {service: {port: 70000}}}`, "at '/apiServer/service/port'"},
	{"an argument that is a map", controlPlane, `{apiServer: {extraArgs: {v: {a: b}}}}`, "at '/apiServer/extraArgs/v'"},
	{"an argument with its dashes", controlPlane, `{apiServer: {extraArgs: {"--v": "4"}}}`, "--v"},
	{"a tag that is a digest", controlPlane, `{image: {tag: "sha256:abc"}}`, "at '/image/tag'"},
	{"an etcd of no version", controlPlane, `{etcd: {image: {tag: ""}}}`, "set etcd.image.tag"},
	{"an API server of no version, through the umbrella", umbrella, `{controlPlane: {apiServer: {image: {tag: ""}}}}`, "set controlPlane.apiServer.image.tag"},
	{"upstream's controller manager of no version", controlPlane, `{kubeControllerManager: {image: {tag: ""}}}`, "set kubeControllerManager.image.tag"},
	{"an unknown DNS provider", controlPlane, `{global: {dns: {provider: route53}}}`, "at '/global/dns/provider'"},
	{"an unknown key algorithm", controlPlane, `{pki: {keyAlgorithm: dsa}}`, "at '/pki/keyAlgorithm'"},
	{"an unknown authority to rotate", controlPlane, `{pki: {rotateCA: [all]}}`, "at '/pki/rotateCA/0'"},
	{"an unknown authority to distrust", controlPlane, `{pki: {distrustCA: [all]}}`, "at '/pki/distrustCA/0'"},
	{"a size that is no quantity", controlPlane, `{etcd: {persistence: {size: big}}}`, "at '/etcd/persistence/size'"},
	{"an etcd server without a scheme", controlPlane, `{etcd: {external: {servers: ["etcd:2379"]}}}`, "at '/etcd/external/servers/0'"},
	{"an etcd server with a password", controlPlane, `{etcd: {external: {servers: ["https://user:pw@etcd:2379"]}}}`, "at '/etcd/external/servers/0'"},
	{"a range of addresses with too long a prefix", controlPlane, `{apiServer: {serviceClusterIPRange: 10.0.0.0/99}}`, "at '/apiServer/serviceClusterIPRange'"},
	{"a range of addresses that are none", controlPlane, `{apiServer: {serviceClusterIPRange: 10.0.0.256/24}}`, "at '/apiServer/serviceClusterIPRange'"},
	{"a name with a port for the certificate", controlPlane, `{apiServer: {service: {extraSANs: ["foo:bar"]}}}`, "at '/apiServer/service/extraSANs/0'"},
	{"an advertise address that leads nowhere", controlPlane, `{apiServer: {service: {type: NodePort, advertiseAddresses: [0.0.0.0]}}}`, "advertiseAddresses/0"},
	{"a schedule that is none", controlPlane, `{pki: {renewal: {schedule: rubbish}}}`, "at '/pki/renewal/schedule'"},
	{"no persistence at all, which has a switch", controlPlane, `{etcd: {persistence: null}}`, "missing property 'persistence'"},
	{"the same, of the DNS server", dnsServer, `{` + served + `, etcd: {persistence: null}}`, "missing property 'persistence'"},
	{"a quota that is negative", controlPlane, `{etcd: {quotaBackendBytes: -1}}`, "at '/etcd/quotaBackendBytes'"},
	{"an advertise address with a scheme", controlPlane, `{apiServer: {service: {advertiseAddresses: ["https://a"]}}}`, "advertiseAddresses/0"},
	{"a kind that cannot be federated", controlPlane, `{controllerManager: {federatedKinds: [deployments]}}`, "at '/controllerManager/federatedKinds/0'"},
	{"more than all members", controlPlane, `{controllerManager: {failover: {limit: 101}}}`, "at '/controllerManager/failover/limit'"},
	{"a grace without a unit", controlPlane, `{controllerManager: {failover: {grace: "5"}}}`, "at '/controllerManager/failover/grace'"},
	{"a limit that is no percentage", controlPlane, `{controllerManager: {unsourcedDeletionLimit: 5%}}`, "at '/controllerManager/unsourcedDeletionLimit'"},
	{"a provider without a zone", umbrella, `{global: {dns: {provider: coredns}}}`, "set global.dns.zone"},
	{"a zone without its last dot", umbrella, `{global: {dns: {zone: example.com}}}`, `set it to "example.com."`},
	{"a provider's configuration without a provider", umbrella, `{global: {dns: {configSecret: a}}}`, "set global.dns.provider"},
	{"a claim with persistence off", umbrella, `{controlPlane: {etcd: {persistence: {enabled: false, existingClaim: a}}}}`, "set controlPlane.etcd.persistence.enabled to true"},
	{"a claim for three members", controlPlane, `{etcd: {replicas: 3, persistence: {existingClaim: a}}}`, "set etcd.replicas to 1"},
	{"a claim and an external etcd", controlPlane, `{etcd: {external: {servers: ["http://a"]}, persistence: {existingClaim: a}}}`, "leave one of them empty"},
	{"a client certificate for no external etcd", controlPlane, `{etcd: {external: {tlsSecret: a}}}`, "set etcd.external.servers"},
	{"a node port without type NodePort", controlPlane, `{apiServer: {service: {nodePort: 30443}}}`, "set apiServer.service.type to NodePort"},
	{"an advertise address of a load balancer", controlPlane, `{apiServer: {service: {advertiseAddresses: [a]}}}`, "apiServer.service.extraSANs"},
	{"source ranges without a load balancer", controlPlane, `{apiServer: {service: {type: ClusterIP, loadBalancerSourceRanges: [10.0.0.0/8]}}}`, "set apiServer.service.type to LoadBalancer"},
	{"a traffic policy from outside without an outside", controlPlane, `{apiServer: {service: {type: ClusterIP, externalTrafficPolicy: Local}}}`, "leave it empty"},
	{"tokens that nobody reads", controlPlane, `{apiServer: {auth: {token: {existingSecret: a}}}}`, "set apiServer.auth.token.enabled to true"},
	{"users that nobody reads", controlPlane, `{apiServer: {auth: {basic: {existingSecret: a}}}}`, "set apiServer.auth.basic.enabled to true"},
	{"authorities that sign nothing", controlPlane, `{pki: {create: false, existingCASecret: a}}`, "set pki.create to true"},
	{"rotation of the user's authorities", controlPlane, `{pki: {existingCASecret: a, rotateCA: [etcd]}}`, "leave pki.rotateCA empty"},
	{"distrust of an authority that is still needed", controlPlane, `{pki: {rotateCA: [etcd], distrustCA: [etcd]}}`, "rotate first"},
}

func TestWrongValuesAreRefusedWithTheValueToSet(t *testing.T) {
	for _, tt := range slices.Concat(refused, refusedOfDNS, refusedByMember) {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dryRun(load(t, tt.chart), parseValues(t, tt.values))
			if err == nil {
				t.Fatalf("values %s are taken", tt.values)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("values %s: the error does not say %q:\n%v", tt.values, tt.want, err)
			}
		})
	}
}

func TestValuesThatMayBeWrittenInSeveralWays(t *testing.T) {
	tests := []struct{ name, values, want string }{
		{"a number of bytes as text", `{etcd: {quotaBackendBytes: "8589934592"}}`, "--quota-backend-bytes=8589934592\""},
		{"a number of bytes as a number", `{etcd: {quotaBackendBytes: 8589934592}}`, "--quota-backend-bytes=8589934592\""},
		{"no compaction as a number", `{etcd: {autoCompaction: {retention: 0}}}`, "--auto-compaction-retention=0\""},
		{"many revisions as a number", `{etcd: {autoCompaction: {mode: revision, retention: 10000000}}}`, "--auto-compaction-retention=10000000\""},
		{"a time to keep revisions", `{etcd: {autoCompaction: {retention: 30m}}}`, "--auto-compaction-retention=30m\""},
		{"a range of IPv6", `{apiServer: {serviceClusterIPRange: "fd00:10::/108"}}`, "--service-cluster-ip-range=fd00:10::/108\""},
		{"two ranges", `{apiServer: {serviceClusterIPRange: "10.96.0.0/16,fd00::/112"}}`, "--service-cluster-ip-range=10.96.0.0/16,fd00::/112\""},
		{"names and addresses for the certificate", `{apiServer: {service: {extraSANs: [a.example.com, "*.example.com", 10.0.0.1, "::1", "fd00::1"]}}}`, "--extra-san=fd00::1\""},
		{"a schedule in words", `{pki: {renewal: {schedule: "@daily"}}}`, "schedule: \"@daily\""},
		{"a schedule in fields", `{pki: {renewal: {schedule: "*/5 1-3 * JAN mon,fri"}}}`, "schedule: \"*/5 1-3 * JAN mon,fri\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var all strings.Builder
			for _, d := range render(t, controlPlane, parseValues(t, tt.values)) {
				all.WriteString(d.text)
			}
			if !strings.Contains(all.String(), tt.want) {
				t.Errorf("values %s: nothing says %s", tt.values, tt.want)
			}
		})
	}
}

func TestAllThatIsWrongIsReportedAtOnce(t *testing.T) {
	values := parseValues(t, `{global: {dns: {provider: coredns}}, etcd: {replicas: 3, persistence: {existingClaim: a}}}`)
	_, err := dryRun(load(t, controlPlane), values)
	if err == nil {
		t.Fatal("the values are taken")
	}
	for _, want := range []string{"set global.dns.zone", "set etcd.replicas to 1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

// What may be secret is given by the name of a Secret, never as a value.
func TestNoValueIsASecret(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(password|passwd|token|privatekey|private_key|\bkey|pem|cert|kubeconfig)$`)
	allowed := map[string]bool{"apiServer.auth.token": true} // a map: enabled, existingSecret
	for _, dir := range []string{umbrella, controlPlane, dnsServer, member} {
		walk("", load(t, dir).Values, func(path string, value any) {
			if _, isMap := value.(map[string]any); isMap && allowed[path] {
				return
			}
			if secret.MatchString(path) {
				t.Errorf("%s: value %q looks like a secret: take the name of a Secret instead", dir, path)
			}
			if text, ok := value.(string); ok && strings.Contains(text, "-----BEGIN") {
				t.Errorf("%s: value %q is PEM", dir, path)
			}
		})
	}
}

func walk(path string, values map[string]any, visit func(path string, value any)) {
	for key, value := range values {
		at := strings.TrimPrefix(path+"."+key, ".")
		visit(at, value)
		if m, ok := value.(map[string]any); ok {
			walk(at, m, visit)
		}
	}
}

func parseValues(t *testing.T, text string) chartutil.Values {
	t.Helper()
	var values chartutil.Values
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return values
}

func TestKindsOfTheSchemaAreThoseOfThePackageKinds(t *testing.T) {
	var names []any
	for _, k := range kinds.Default() {
		names = append(names, string(k.ID()))
	}
	all := map[string]any{"controllerManager": map[string]any{"federatedKinds": names}}
	if _, err := dryRun(load(t, controlPlane), all); err != nil {
		t.Error(err)
	}
	var schema struct {
		Properties struct {
			ControllerManager struct {
				Properties struct {
					FederatedKinds struct{ Items struct{ Enum []any } }
				}
			}
		}
	}
	if err := json.Unmarshal(load(t, controlPlane).Schema, &schema); err != nil {
		t.Fatal(err)
	}
	if got := schema.Properties.ControllerManager.Properties.FederatedKinds.Items.Enum; !slices.Equal(got, names) {
		t.Errorf("the schema has %v, the package %v", got, names)
	}
}
