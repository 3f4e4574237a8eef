package describe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	fakediscovery "k8s.io/client-go/discovery/fake"
	fakedynamic "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/describe"
)

type clusters []fedv1beta1.Cluster

func (c clusters) List(context.Context) (*fedv1beta1.ClusterList, error) {
	return &fedv1beta1.ClusterList{Items: c}, nil
}

// middleEarth has gondor and rohan in production, mordor that does not answer, and moria that nobody has looked at.
func middleEarth() clusters {
	cluster := func(name, environment string, ready metav1.ConditionStatus) fedv1beta1.Cluster {
		c := fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"environment": environment}}}
		if ready != "" {
			c.Status.Conditions = []metav1.Condition{{Type: fedv1beta1.ClusterReady, Status: ready, Reason: fedv1beta1.ReasonClusterNotReachable}}
		}
		return c
	}
	return clusters{
		cluster("gondor", "production", metav1.ConditionTrue), cluster("mordor", "staging", metav1.ConditionFalse),
		cluster("moria", "testing", ""), cluster("rohan", "production", metav1.ConditionTrue),
	}
}

func served() []*metav1.APIResourceList {
	verbs := metav1.Verbs{"get", "list"}
	return []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "configmaps", SingularName: "configmap", Kind: "ConfigMap", Namespaced: true, ShortNames: []string{"cm"}, Verbs: verbs},
			{Name: "namespaces", SingularName: "namespace", Kind: "Namespace", ShortNames: []string{"ns"}, Verbs: verbs},
		}},
		{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{
			{Name: "deployments", SingularName: "deployment", Kind: "Deployment", Namespaced: true, ShortNames: []string{"deploy"}, Verbs: verbs},
		}},
	}
}

// api is a federation with these objects.
func api(tb testing.TB, members clusters, texts ...string) describe.API {
	tb.Helper()
	var objects, events []runtime.Object
	for _, text := range texts {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			tb.Fatal(err)
		}
		if o.GetKind() != "Event" {
			objects = append(objects, o)
			continue
		}
		var e corev1.Event
		if err := yaml.Unmarshal([]byte(text), &e); err != nil {
			tb.Fatal(err)
		}
		events = append(events, &e)
	}
	kinds := map[schema.GroupVersionResource]string{
		{Version: "v1", Resource: "configmaps"}: "ConfigMapList", {Version: "v1", Resource: "namespaces"}: "NamespaceList",
		{Group: "apps", Version: "v1", Resource: "deployments"}: "DeploymentList",
	}
	return describe.API{
		Kinds:    &fakediscovery.FakeDiscovery{Fake: &clienttesting.Fake{Resources: served()}},
		Objects:  fakedynamic.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, objects...),
		Events:   fake.NewClientset(events...),
		Clusters: members,
	}
}

const finalizers = `finalizers: [federation.fedhelm.io/propagation]`

// lines are NAME WANTED/READY STATE MESSAGE, and an asterisk for those that are not selected.
func lines(d describe.Description) []string {
	var all []string
	for _, m := range d.Members {
		line := m.Name
		if m.Wanted != nil {
			line += fmt.Sprintf(" %d/%d", *m.Wanted, *m.Ready)
		}
		line += " " + string(m.State)
		if !m.Selected {
			line += "*"
		}
		for _, more := range []string{m.Finished, m.Message} {
			if more != "" {
				line += " " + more
			}
		}
		all = append(all, line)
	}
	return all
}

func TestMembers(t *testing.T) {
	const production = `federation.alpha.kubernetes.io/cluster-selector: '[{"key":"environment","operator":"In","values":["production"]}]'`
	tests := []struct {
		name, resource, object string
		want                   []string
		notSelected            []string
	}{
		{
			"without a selector all members have it", "cm",
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u, ` + finalizers + `, annotations: {federation.fedhelm.io/propagation: synced 4/4}}}`,
			[]string{"gondor Synced", "mordor Synced the cluster is not ready: ClusterNotReachable", "moria Synced the cluster was not looked at yet", "rohan Synced"}, nil,
		},
		{
			"those that the selector does not match are named apart", "cm",
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u, ` + finalizers + `, annotations: {` + production + `, federation.fedhelm.io/propagation: synced 1/2,
			  federation.fedhelm.io/members: '{"rohan":{"state":"Conflict","message":"not ours"}}'}}}`,
			[]string{"gondor Synced", "rohan Conflict not ours"}, []string{"mordor", "moria"},
		},
		{
			"what is divided is counted", "deploy",
			`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: u, ` + finalizers + `, annotations: {` + production + `, federation.fedhelm.io/propagation: synced 2/2,
			  federation.fedhelm.io/members: '{"gondor":{"wanted":3,"ready":2}}'}}}`,
			[]string{"gondor 3/2 Synced", "rohan 0/0 NoShare"}, []string{"mordor", "moria"},
		},
		{
			"a copy in a member that is not selected any more is shown, as is one in a member that left", "cm",
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u, ` + finalizers + `, annotations: {` + production + `, federation.fedhelm.io/propagation: synced 2/2,
			  federation.fedhelm.io/members: '{"moria":{"state":"Terminating"},"arnor":{"state":"Unreachable"},"rohan":{"finished":"Complete","state":"Finished"}}'}}}`,
			[]string{
				"arnor Unreachable* the federation has no Cluster of this name any more", "gondor Synced", "moria Terminating* the cluster was not looked at yet",
				"rohan Finished Complete",
			},
			[]string{"mordor"},
		},
		{
			"nothing is known of what nobody has looked at", "deploy",
			`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: u, ` + finalizers + `, annotations: {` + production + `}}}`,
			[]string{"gondor Unknown", "rohan Unknown"}, []string{"mordor", "moria"},
		},
		{
			"nothing is known of members for which there was no room", "cm",
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u, ` + finalizers + `, annotations: {` + production + `, federation.fedhelm.io/propagation: synced 0/2,
			  federation.fedhelm.io/members: '{"gondor":{"state":"Pending"},"":{"more":1}}'}}}`,
			[]string{"gondor Pending", "rohan Unknown"}, []string{"mordor", "moria"},
		},
		{
			"what stays in the federation is in no member", "cm",
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u, annotations: {federation.fedhelm.io/federate: "false"}}}`,
			nil, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := describe.Gather(t.Context(), api(t, middleEarth(), tt.object), describe.Request{Resource: tt.resource, Namespace: "shop", Name: "web"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(d)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if !slices.Equal(tt.notSelected, d.NotSelected) || len(d.Problems) > 0 {
				t.Errorf("not selected are %q, want %q; problems: %q", d.NotSelected, tt.notSelected, d.Problems)
			}
			if d.Federated != (tt.want != nil) {
				t.Errorf("federated is %t", d.Federated)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	namespace := `{apiVersion: v1, kind: Namespace, metadata: {name: web, uid: n}}`
	deployment := `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: d}}`
	for resource, want := range map[string]string{
		"deploy": "deployments.apps", "deployment": "deployments.apps", "deployments": "deployments.apps", "Deployment": "deployments.apps",
		"deployments.apps": "deployments.apps", "deployments.v1.apps": "deployments.apps", "Deployment.apps": "deployments.apps", "deploy.apps": "deployments.apps",
		"ns": "namespaces", "namespaces": "namespaces", "rings": "",
	} {
		t.Run(resource, func(t *testing.T) {
			d, err := describe.Gather(t.Context(), api(t, nil, namespace, deployment), describe.Request{Resource: resource, Namespace: "shop", Name: "web"})
			if want == "" && (err == nil || !strings.Contains(err.Error(), `the federation API has no kind "`+resource+`"; kubectl api-resources`)) {
				t.Errorf("an error that names the kind was expected, not %v", err)
			}
			if want != "" && (err != nil || d.Resource != want) {
				t.Errorf("it is %q (%v), want %q", d.Resource, err, want)
			}
		})
	}
}

func TestProblemsHideNothingElse(t *testing.T) {
	federation := api(t, middleEarth(), `{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u, `+finalizers+`, annotations: {
		federation.alpha.kubernetes.io/cluster-selector: "gondor", federation.fedhelm.io/members: "{"}}}`)
	federation.Events.(*fake.Clientset).PrependReactor("list", "events", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("no")
	})
	d, err := describe.Gather(t.Context(), federation, describe.Request{Resource: "cm", Namespace: "shop", Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"annotation federation.fedhelm.io/members", "cluster-selector", `list the events of ConfigMap "web": no`}
	if len(d.NotSelected) > 0 {
		t.Errorf("a selector that cannot be read leaves out %q", d.NotSelected)
	}
	if len(d.Problems) != len(want) {
		t.Fatalf("problems are %q", d.Problems)
	}
	for i, part := range want {
		if !strings.Contains(d.Problems[i], part) {
			t.Errorf("problem %q does not have %q", d.Problems[i], part)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	federation := api(t, nil)
	_, err := describe.Gather(t.Context(), federation, describe.Request{Resource: "cm", Namespace: "shop", Name: "web"})
	if err == nil || !strings.HasPrefix(err.Error(), `look at configmaps "web" in namespace "shop" of the federation API: `) {
		t.Errorf("got %v", err)
	}
	_, err = describe.Gather(t.Context(), federation, describe.Request{Resource: "ns", Namespace: "shop", Name: "web"})
	if err == nil || !strings.HasPrefix(err.Error(), `look at namespaces "web" in the federation API: `) {
		t.Errorf("got %v", err)
	}
}

func TestEvents(t *testing.T) {
	d, err := describe.Gather(t.Context(), api(t, nil,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop, uid: u}}`,
		`{kind: Event, metadata: {name: a, namespace: shop}, involvedObject: {uid: u}, type: Warning, reason: Conflict, message: new, eventTime: "2026-11-22T12:00:02.000000Z"}`,
		`{kind: Event, metadata: {name: b, namespace: shop}, involvedObject: {uid: u}, type: Normal, reason: Recreated, message: old, count: 3, lastTimestamp: "2026-11-22T12:00:01Z"}`,
		`{kind: Event, metadata: {name: c, namespace: shop}, involvedObject: {uid: u}, type: Warning, reason: Rejected, message: again,
		  eventTime: "2026-11-22T11:00:00.000000Z", series: {count: 7, lastObservedTime: "2026-11-22T12:00:03.000000Z"}}`,
		`{kind: Event, metadata: {name: d, namespace: shop}, involvedObject: {uid: of-the-one-before}, reason: Other}`,
	), describe.Request{Resource: "cm", Namespace: "shop", Name: "web"})
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	want := []describe.Event{
		{Type: "Normal", Reason: "Recreated", Message: "old", Count: 3, Last: noon.Add(time.Second)},
		{Type: "Warning", Reason: "Conflict", Message: "new", Count: 1, Last: noon.Add(2 * time.Second)},
		{Type: "Warning", Reason: "Rejected", Message: "again", Count: 7, Last: noon.Add(3 * time.Second)},
	}
	if diff := cmp.Diff(want, d.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
