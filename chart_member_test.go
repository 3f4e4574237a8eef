package fedhelm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/releaseutil"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// needed is what the member chart must be told.
const needed = `federation: {name: fellowship}, cluster: gondor`

var refusedByMember = []refusal{
	{"a member of no federation", member, `{cluster: gondor}`, "federation.name is missing"},
	{"a member without a name", member, `{federation: {name: fellowship}}`, "cluster is missing"},
	{"a federation's name with capitals", member, `{federation: {name: Fellowship}, cluster: gondor}`, "at most 44 lower-case letters"},
	{"a federation's name that is too long", member, `{federation: {name: ` + strings.Repeat("a", 45) + `}, cluster: gondor}`, "at most 44 lower-case letters"},
	{"a cluster's name that is a context's", member, `{federation: {name: fellowship}, cluster: "arn:aws:eks/gondor"}`, "at most 63 lower-case letters"},
	{"a cluster's name that begins with a digit", member, `{federation: {name: fellowship}, cluster: 11kingdom}`, `"11kingdom" is no cluster's name`},
	{"a cluster's name that is a number", member, `{federation: {name: fellowship}, cluster: 11}`, "at '/cluster'"},
	{"a resolver of no version", member, `{` + needed + `, dns: {resolver: {image: {tag: ""}}}}`, "set dns.resolver.image.tag"},
	{"an unknown key at the top", member, `{` + needed + `, clusters: gondor}`, "additional properties 'clusters' not allowed"},
	{"an unknown key of the federation", member, `{federation: {name: fellowship, namespace: a}, cluster: gondor}`, "additional properties 'namespace' not allowed"},
	{"an unknown key of the rights", member, `{` + needed + `, rbac: {create: false}}`, "additional properties 'create' not allowed"},
	{"kinds as plain words", member, `{` + needed + `, rbac: {kinds: [services]}}`, "at '/rbac/kinds/0'"},
	{"kinds of no group", member, `{` + needed + `, rbac: {kinds: [{resources: [services]}]}}`, "missing property 'group'"},
	{"a rule without verbs", member, `{` + needed + `, rbac: {extraRules: [{apiGroups: [a], resources: [b]}]}}`, "missing property 'verbs'"},
	{"an unknown key of the names", member, `{` + needed + `, dns: {provider: coredns}}`, "additional properties 'provider' not allowed"},
	{"an unknown key of the resolver", member, `{` + needed + `, dns: {resolver: {replica: 2}}}`, "additional properties 'replica' not allowed"},
	{"a resolver without a zone", member, `{` + needed + `, dns: {resolver: {enabled: true}}}`, "set dns.zone"},
	{"a resolver for the cluster's own domain", member, `{` + needed + `, dns: {zone: cluster.local., resolver: {enabled: true}}}`, "cluster's own domain"},
	{"a resolver for a zone in the cluster's own domain", member, `{` + needed + `, dns: {zone: fed.middle.earth, clusterDomain: middle.earth, resolver: {enabled: true}}}`, "cluster's own domain"},
	{"a resolver that does not know whose", member, `{` + needed + `, dns: {zone: a., resolver: {enabled: true}}}`, "without federation.uid"},
	{"a server of the zone by its name", member, `{` + needed + `, dns: {resolver: {zoneServers: ["ns.example.com:53"]}}}`, "at '/dns/resolver/zoneServers/0'"},
	{"a server of the zone that is a file", member, `{` + needed + `, dns: {resolver: {zoneServers: [/etc/resolv.conf]}}}`, "at '/dns/resolver/zoneServers/0'"},
	{"a region that is no label's value", member, `{` + needed + `, dns: {topology: {region: "the south"}}}`, "at '/dns/topology/region'"},
	{"a resolver's image with its tag in the wrong place", member, `{` + needed + `, dns: {resolver: {image: {repository: "coredns:1"}}}}`, "at '/dns/resolver/image/repository'"},
	{"a rule with a verb for a list", member, `{` + needed + `, rbac: {extraRules: [{apiGroups: [a], resources: [b], verbs: get}]}}`, "at '/rbac/extraRules/0/verbs'"},
}

func TestAMemberIsToldOfAllThatIsMissing(t *testing.T) {
	_, err := dryRun(load(t, member), nil)
	if err == nil {
		t.Fatal("it is a member of nothing")
	}
	for _, want := range []string{"federation.name is missing", "cluster is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

func TestNamesTooLongToAggregateAreRefusedOnlyThen(t *testing.T) {
	namespace := strings.Repeat("n", 60)
	values := parseValues(t, `{`+needed+`}`)
	if _, err := dryRunAs("fellowship-member", namespace, load(t, member), values); err == nil ||
		!strings.Contains(err.Error(), "set rbac.aggregate to false") {
		t.Errorf("the error does not say what to set: %v", err)
	}
	values["rbac"] = map[string]any{"aggregate": false}
	if _, err := dryRunAs("fellowship-member", namespace, load(t, member), values); err != nil {
		t.Error(err)
	}
}

// Join reads its rights from package kinds, plain Helm from the chart's values.
func TestDefaultRightsAreThoseOfThePackageKinds(t *testing.T) {
	want := kinds.MemberRules(kinds.Default())
	tests := []struct {
		name, values, role string
		want               []rbacv1.PolicyRule
	}{
		{"aggregated, the kinds have a role of their own", `{` + needed + `}`, "fedhelm:federation-system:fellowship:member-kinds", want},
		{"aggregated, the other role is Kubernetes' to fill", `{` + needed + `}`, "fedhelm:federation-system:fellowship:member", nil},
		{"plain, there is one role", `{` + needed + `, rbac: {aggregate: false}}`, "fedhelm:federation-system:fellowship:member", want},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, d := range render(t, member, parseValues(t, tt.values)) {
				if d.kind != "ClusterRole" || d.name != tt.role {
					continue
				}
				var role rbacv1.ClusterRole
				if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(d.object.Object, &role, true); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, role.Rules); diff != "" {
					t.Errorf("rules (-kinds +chart):\n%s", diff)
				}
				return
			}
			t.Errorf("there is no ClusterRole %q", tt.role)
		})
	}
}

// A cluster may be a member of several federations, and a federation's namespace may hold several: no name is shared.
func TestMembershipsOfOneClusterShareNoObject(t *testing.T) {
	seen := map[string]string{}
	for _, at := range []struct{ federation, namespace string }{
		{"fellowship", "federation-system"}, {"council", "federation-system"}, {"fellowship", "rivendell"},
	} {
		values := parseValues(t, `{federation: {name: `+at.federation+`}, cluster: gondor, rbac: {clusterAdmin: true}}`)
		rel, err := dryRunAs(at.federation+"-member", at.namespace, load(t, member), values)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range strings.Split(rel.Manifest, "\n---\n") {
			d := parse(t, strings.TrimPrefix(text, "---\n"))
			id := d.id() + " in " + d.object.GetNamespace()
			if other, taken := seen[id]; taken {
				t.Errorf("%s is made by %s and by %v", id, other, at)
			}
			seen[id] = at.federation + " in " + at.namespace
		}
	}
}

// YAML takes some names that Kubernetes allows for something other than text.
func TestMembersNamedWhatYAMLTakesForSomethingElse(t *testing.T) {
	for _, name := range []string{"y", "true", "null"} {
		values := parseValues(t, `{federation: {name: "`+name+`", uid: "1e3"}, cluster: "`+name+`", dns: {zone: a., resolver: {enabled: true}}}`)
		rel, err := dryRunAs(name, "123", load(t, member), values)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range releaseutil.SplitManifests(rel.Manifest) {
			d := parse(t, text)
			if got := d.object.GetLabels()["app.kubernetes.io/instance"]; got != name {
				t.Errorf("%s: instance %q, want %q", d.id(), got, name)
			}
			if got := d.object.GetNamespace(); got != "123" && !clusterScoped[d.kind] {
				t.Errorf("%s: namespace %q, want 123", d.id(), got)
			}
			if d.kind == "ServiceAccount" && d.name == name+"-member" && d.object.GetAnnotations()["federation.fedhelm.io/cluster"] != name {
				t.Errorf("%s: annotations %v", d.id(), d.object.GetAnnotations())
			}
		}
	}
}
