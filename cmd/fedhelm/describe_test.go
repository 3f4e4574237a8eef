package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	fakediscovery "k8s.io/client-go/discovery/fake"
	fakedynamic "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/describe"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
)

// described has one of everything that there is to be shown.
func described() *describe.Description {
	return &describe.Description{
		Kind: "Deployment", Resource: "deployments.apps", Namespace: "shop", Name: "web", UID: "u", Created: noon.Add(-3 * time.Hour), Federated: true,
		Selector:    `[{"key":"environment","operator":"In","values":["production"]}]`,
		Preferences: `{"clusters":{"*":{"weight":1}}}`,
		Propagation: "synced 2/4; mordor: Unreachable: no route to host",
		Members: []describe.Member{
			{Name: "arnor", State: "Terminating", Message: "not selected; its copy is to go"},
			{Name: "gondor", Selected: true, Wanted: ptr.To[int32](4), Ready: ptr.To[int32](4), State: "Synced"},
			{Name: "mordor", Selected: true, Wanted: ptr.To[int32](2), Ready: ptr.To[int32](0), State: "Unreachable", Message: "dial tcp 192.0.2.1:6443:\nno route to host"},
			{Name: "rohan", Selected: true, Wanted: ptr.To[int32](1), Ready: ptr.To[int32](0), State: "Synced", Message: "1 pod: ImagePullBackOff"},
			{Name: "shire", Selected: true, Wanted: ptr.To[int32](1), Ready: ptr.To[int32](1), State: "Finished", Finished: "Complete"},
		},
		Unnamed: 17, NotSelected: []string{"isengard", "moria"},
		Events: []describe.Event{
			{Type: "Warning", Reason: "NotPlaced", Message: "3 of 12 replicas are not placed", Count: 1, Last: noon.Add(-2 * time.Hour)},
			{Type: "Normal", Reason: "FailedOver", Message: "from mordor:\n2 replicas", Count: 3, Last: noon.Add(-time.Minute)},
		},
	}
}

func TestDescriptionAsText(t *testing.T) {
	var b bytes.Buffer
	printDescription(&b, described(), noon)
	golden(t, "describe.txt", b.String())
}

func TestDescriptionOfLittle(t *testing.T) {
	tests := []struct {
		name string
		edit func(*describe.Description)
		want string
	}{
		{"what is not federated", func(d *describe.Description) { d.Federated = false }, "Propagation:  none: this object is not federated\n"},
		{"what nobody has looked at", func(d *describe.Description) { d.Propagation = "" }, "Propagation:  nothing is known yet; fedhelm check"},
		{"what is being deleted", func(d *describe.Description) { d.Deleting = true }, "Propagation:  being deleted; synced 2/4"},
		{"what has no selector", func(d *describe.Description) { d.Selector = "" }, "Selector:     none: all members\n"},
		{"a federation of nobody", func(d *describe.Description) { d.Members, d.NotSelected = nil, nil }, "\n\nThe federation has no members.\n"},
		{"what is wrong", func(d *describe.Description) { d.Problems = []string{"one\nline", "two"} }, "Problem:      one line\nProblem:      two\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := described()
			tt.edit(d)
			var b bytes.Buffer
			printDescription(&b, d, noon)
			if !strings.Contains(b.String(), tt.want) {
				t.Errorf("the text does not have %q:\n%s", tt.want, b.String())
			}
		})
	}
}

func TestDescriptionShowsNothingThatATerminalObeys(t *testing.T) {
	var out bytes.Buffer
	p := program{stdout: &out}
	d := described()
	d.Propagation, d.Selector, d.Members[0].Message, d.Events[0].Message = "\x1b[2J", "\x07\ta", "\x1b]0;owned\x07\ta", "\u009b1m"
	if err := p.print("", nil, func(w io.Writer) { printDescription(w, d, noon) }); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u009b") {
		t.Errorf("it shows %q", out.String())
	}
}

// console of a federation with a Namespace and a member. Its API is reached by the host cluster, or by context fellowship.
func describing(t *testing.T, unusable error) *console {
	t.Helper()
	c := newConsole(fellowship(t), noHelm{})
	c.open = func(_ context.Context, _ join.Host, ref federation.Ref) (join.Federation, error) {
		return join.Federation{Ref: ref, Unusable: unusable}, nil
	}
	c.connectMember = func(o contextOptions) (*memberCluster, error) {
		if o.context != "fellowship" {
			return nil, &usageError{errors.New("no such context")}
		}
		return &memberCluster{Member: join.Member{Config: &rest.Config{Host: "https://192.0.2.7"}}}, nil
	}
	c.objects = func(config *rest.Config) (describe.API, error) {
		if config.Host != "https://192.0.2.7" {
			t.Errorf("the API asked is %s", config.Host)
		}
		kinds := []*metav1.APIResourceList{{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "configmaps", SingularName: "configmap", Kind: "ConfigMap", Namespaced: true, ShortNames: []string{"cm"}, Verbs: metav1.Verbs{"get"}},
		}}}
		object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{
			"name": "web", "namespace": "shop", "uid": "u", "finalizers": []any{fedv1beta1.FinalizerPropagation},
		}}}
		return describe.API{
			Kinds:   &fakediscovery.FakeDiscovery{Fake: &clienttesting.Fake{Resources: kinds}},
			Objects: fakedynamic.NewSimpleDynamicClient(runtime.NewScheme(), object), Events: fake.NewClientset(),
			Clusters: joined{clusters: []fedv1beta1.Cluster{registration("gondor", time.Time{})}},
		}, nil
	}
	return c
}

func TestDescribe(t *testing.T) {
	tests := []struct {
		name     string
		args     []string
		unusable error
		out      string // a part of the output
		err      string
		code     int
	}{
		{name: "an object, by way of the host cluster", args: []string{"cm/web", "-n", "shop"}, out: "gondor   -        -       Unknown"},
		{name: "as two words, with flags in front", args: []string{"-n=shop", "configmap", "web"}, out: "Name:         web"},
		{name: "by a context of the federation", args: []string{"cm/web", "-n=shop", "--context=fellowship"}, out: "Namespace:    shop"},
		{name: "for a script", args: []string{"cm/web", "-n=shop", "-o=json"}, out: `"resource": "configmaps"`},
		{name: "for a script, in YAML", args: []string{"cm/web", "-n=shop", "-o=yaml"}, out: "  name: gondor\n"},
		{name: "of what is not there", args: []string{"cm/web"}, err: `configmaps "web" in namespace "default"`, code: exitFailed},
		{name: "a federation that cannot be used", args: []string{"cm/web"}, unusable: errors.New("no route"), err: "no route; fedhelm check fellowship", code: exitFailed},
		{name: "an unknown federation", args: []string{"cm/web", "--federation=nazgul"}, err: "nazgul", code: exitFailed},
		{name: "an unknown context", args: []string{"cm/web", "--context=nazgul"}, err: "no such context", code: exitUsage},
		{name: "two ways at once", args: []string{"cm/web", "--context=fellowship", "--host-cluster-context=x"}, err: "--context leads to the federation itself", code: exitUsage},
		{name: "no name", args: []string{"cm"}, err: "exactly one KIND/NAME", code: exitUsage},
		{name: "an empty name", args: []string{"cm/"}, err: "exactly one KIND/NAME", code: exitUsage},
		{name: "two objects", args: []string{"cm/web", "cm/db"}, err: "exactly one KIND/NAME", code: exitUsage},
		{name: "an unknown format", args: []string{"cm/web", "-o=wide"}, err: "wide", code: exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := describing(t, tt.unusable)
			err := c.fedhelm(append([]string{"describe"}, tt.args...)...)
			if exitCode(err) != tt.code || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("ends with %v (exit code %d), want %d and %q", err, exitCode(err), tt.code, tt.err)
			}
			if !strings.Contains(c.out.String(), tt.out) || (tt.out == "") != (c.out.Len() == 0) {
				t.Errorf("the output is not %q:\n%s", tt.out, c.out.String())
			}
		})
	}
}
