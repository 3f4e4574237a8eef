//go:build integration

package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
)

// Fields of a pod template that not every version of Kubernetes takes.
const (
	group    = `"schedulingGroup":{"podGroupName":"fellowship"}` // known since 1.36, kept if a feature gate is on
	hostname = `"hostnameOverride":"strider"`                    // known since 1.34, kept by default since 1.35
)

// pods wishes for a Deployment whose pods have the field, which the federation API has kept.
func (p *place) pods(field string) Key {
	p.t.Helper()
	return p.source(fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":%q},"spec":{
		"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{%s,"containers":[{"name":"web","image":"web:1"}]}}}}`, p.ns, field), replicas(1))
}

// has tells whether the copy's pods have the field, as the member's API server shows it, and which version of the object that was.
func (p *place) has(field string) (has bool, version string) {
	p.t.Helper()
	client, err := dynamic.NewForConfig(p.config)
	p.must(err)
	k := p.kindOf("Deployment")
	o, err := client.Resource(k.GroupVersionResource()).Namespace(p.ns).Get(p.t.Context(), "web", metav1.GetOptions{})
	p.must(err)
	name, _, _ := strings.Cut(strings.TrimPrefix(field, `"`), `"`)
	_, has, err = unstructured.NestedFieldNoCopy(o.Object, "spec", "template", "spec", name)
	p.must(err)
	return has, o.GetResourceVersion()
}

// stays looks again at a copy, and lets another Agent find it: neither changes it, and both say of it what was said before.
func (p *place) stays(k Key, version string, before Report) {
	p.t.Helper()
	p.count.writes()
	p.agent.Want(k, Recheck)
	time.Sleep(300 * time.Millisecond)
	if writes := p.count.writes(); len(writes) > 0 {
		p.t.Errorf("when it is looked at again: %v", writes)
	}
	p.run()
	p.agent.Want(k, Recheck)
	if r := p.expect(k, Synced); r.Message != before.Message || !slices.Equal(r.Pruned, before.Pruned) {
		p.t.Errorf("after a restart the report is %+v, before it was %+v", r, before)
	}
	p.count.writes() // the Agent has tried what can be had
	for range 3 {
		p.agent.Want(k, Recheck)
		time.Sleep(100 * time.Millisecond)
	}
	if writes := p.count.writes(); len(writes) > 0 {
		p.t.Errorf("when it is looked at again after a restart: %v", writes)
	}
	if _, now := p.has(group); now != version {
		p.t.Errorf("the copy was at version %s, and is at %s", version, now)
	}
}

// TestIntegrationFieldsOfAnotherVersion is of fields that the federation API has kept and a member's version does not know, or has switched off.
// It is worth most when members differ: make test-integration MEMBER_VERSION=1.35.
func TestIntegrationFieldsOfAnotherVersion(t *testing.T) {
	member := apiserver.StartMember(t).Admin(t)
	grouping := apiserver.Start(t, "--feature-gates=GenericWorkload=true", "--runtime-config=scheduling.k8s.io/v1alpha2=true").Admin(t)
	older, minor := apiserver.MembersDiffer(), minorOf(t, member)
	tests := []struct {
		name   string
		config *rest.Config
		field  string
		has    bool
		pruned []string
	}{
		{name: "a member of today's version has it", config: grouping, field: group, has: true},
		{name: "what the member does not know is left out and said, else switched off and not there", config: member, field: group, pruned: map[bool][]string{true: {".spec.template.spec.schedulingGroup"}}[older]},
		{name: "what the member has switched off is not there", config: member, field: hostname, has: minor != "34"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &place{world: newWorld(t, tt.config), kube: kubernetes.NewForConfigOrDie(tt.config), ns: fmt.Sprintf("versions-%d", i)}
			p.run()
			p.namespace()
			k := p.pods(tt.field)
			r := p.expect(k, Synced)
			if !slices.Equal(r.Pruned, tt.pruned) || (r.Message == "") != (len(tt.pruned) == 0) {
				t.Errorf("the report is %+v, want %q pruned", r, tt.pruned)
			}
			has, version := p.has(tt.field)
			if has != tt.has {
				t.Errorf("the copy has the field: %v, want %v", has, tt.has)
			}
			p.stays(k, version, r)
		})
	}
}

// minorOf is a server's minor version.
func minorOf(t *testing.T, config *rest.Config) string {
	t.Helper()
	v, err := kubernetes.NewForConfigOrDie(config).Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	return v.Minor
}
