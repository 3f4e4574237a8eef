package join

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

func TestUnjoinLeavesNothingBehindAndOthersAlone(t *testing.T) {
	p := newParting(t)
	got, err := Unjoin(t.Context(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(others, p.state(t)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if len(got.Left) > 0 {
		t.Errorf("it says that something stays: %v", got.Left)
	}
	for _, want := range []Deed{
		{InFederation, "Cluster gondor", "deleted"},
		{InHost, "Secret federation-system/11kingdom", "deleted"},
		{InMember, "release federation-system/fellowship-member", "uninstalled"},
		{InMember, "ConfigMap kube-system/coredns", "rid of the federation's names"},
		{InMember, "Namespace federation-system", "deleted"},
	} {
		if !slices.Contains(got.Done, want) {
			t.Errorf("it does not tell of %v, but of %v", want, got.Done)
		}
	}
	again, err := Unjoin(t.Context(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Done) > 0 || len(again.Left) > 0 {
		t.Errorf("the second time there was something to do: %v, %v", again.Done, again.Left)
	}
}

func TestUnjoinDryRunWritesNothing(t *testing.T) {
	p := newParting(t, marked("v1", "ConfigMap", "shire", "seeds"))
	before := p.state(t)
	o := p.options()
	o.DryRun, o.Workloads = true, DeleteWorkloads
	got, err := Unjoin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, p.state(t)); diff != "" {
		t.Errorf("it changed something (-before +after):\n%s", diff)
	}
	for _, action := range slices.Concat(p.host.Actions(), p.member.Actions(), p.objects.Actions()) {
		if verb := action.GetVerb(); verb != "get" && verb != "list" {
			t.Errorf("%s %s", verb, action.GetResource())
		}
	}
	if !slices.Contains(got.Done, Deed{InMember, "configmaps (1)", "deleted"}) || !slices.Contains(got.Done, Deed{InFederation, "Cluster gondor", "deleted"}) {
		t.Errorf("it tells of %v", got.Done)
	}
}

// Whatever step fails, running the same again ends where a run without a failure would have.
func TestUnjoinGoesOnAfterAFailure(t *testing.T) {
	lost := errors.New("the connection was lost")
	tests := []struct {
		name string
		fail func(p *parting, broken *bool) (mend func())
	}{
		{"the mark of leaving fails", func(p *parting, _ *bool) func() {
			p.clusters.failAnnotate = lost
			return func() { p.clusters.failAnnotate = nil }
		}},
		{"changing the DNS fails", func(p *parting, broken *bool) func() {
			failing(&p.member.Fake, "update", "configmaps", broken)
			return func() {}
		}},
		{"the listing of workloads fails", func(p *parting, broken *bool) func() {
			failing(&p.objects.Fake, "list", "configmaps", broken)
			return func() {}
		}},
		{"taking marks off fails", func(p *parting, broken *bool) func() {
			failing(&p.objects.Fake, "patch", "configmaps", broken)
			return func() {}
		}},
		{"uninstalling fails", func(p *parting, _ *bool) func() {
			p.helm.fail = lost
			return func() { p.helm.fail = nil }
		}},
		{"deleting the member's namespace fails", func(p *parting, broken *bool) func() {
			failing(&p.member.Fake, "delete", "namespaces", broken)
			return func() {}
		}},
		{"deleting the RoleBinding fails", func(p *parting, broken *bool) func() {
			failing(&p.host.Fake, "delete", "rolebindings", broken)
			return func() {}
		}},
		{"deleting the Role fails", func(p *parting, broken *bool) func() {
			failing(&p.host.Fake, "delete", "roles", broken)
			return func() {}
		}},
		{"deleting the Secret fails", func(p *parting, broken *bool) func() {
			failing(&p.host.Fake, "delete", "secrets", broken)
			return func() {}
		}},
		{"deleting the Cluster fails", func(p *parting, _ *bool) func() {
			p.clusters.failDelete = lost
			return func() { p.clusters.failDelete = nil }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newParting(t, marked("v1", "ConfigMap", "shire", "seeds"))
			broken := true
			mend := tt.fail(p, &broken)
			if _, err := Unjoin(t.Context(), p.options()); err == nil || !strings.Contains(err.Error(), "the connection was lost") {
				t.Fatalf("it ends with %v", err)
			}
			if p.clusters.all["gondor"] == nil {
				t.Error("the registration is gone before all the rest is")
			}
			broken = false
			mend()
			if _, err := Unjoin(t.Context(), p.options()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(others, p.state(t)); diff != "" {
				t.Errorf("what is left (-want +got):\n%s", diff)
			}
			if still := p.stillMarked(t); len(still) > 0 {
				t.Errorf("still marked: %v", still)
			}
		})
	}
}

func TestUnjoinRefusesBeforeItWrites(t *testing.T) {
	tests := []struct {
		name   string
		change func(p *parting, o *UnjoinOptions)
		want   []string
	}{
		{"a member without a context", func(_ *parting, o *UnjoinOptions) {
			o.NoMember = errors.New(`--cluster-context: the kubeconfig has no context "gondor"`)
		}, []string{"no context", "--force"}},
		{"a member that does not answer", func(p *parting, _ *UnjoinOptions) {
			broken := true
			failing(&p.member.Fake, "get", "namespaces", &broken)
		}, []string{`does not answer (context "gondor-admin"`, "--force"}},
		{"a member that dies while the lock is waited for", func(p *parting, _ *UnjoinOptions) {
			asked := 0
			p.member.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
				asked++
				return asked > 1, nil, errors.New("connection refused")
			})
		}, []string{"does not answer", "connection refused"}},
		{"a context that leads to another cluster", func(p *parting, _ *UnjoinOptions) {
			p.clusters.all["gondor"].Annotations[fedv1beta1.AnnotationClusterUID] = "another"
		}, []string{"another cluster than the one that was joined", "--cluster-context"}},
		{"a cluster that is a member by another name", func(p *parting, _ *UnjoinOptions) {
			p.annotate(t, fedv1beta1.AnnotationCluster, "minas-tirith")
		}, []string{`is member "minas-tirith"`, "--cluster-context"}},
		{"a cluster that is a member of another federation of that name", func(p *parting, _ *UnjoinOptions) {
			p.annotate(t, fedv1beta1.AnnotationFederationUID, "uid-of-another")
		}, []string{"another federation named", "uid-of-another"}},
		{"a federation whose API cannot be used, and a member that is not there: both are told", func(_ *parting, o *UnjoinOptions) {
			o.Federation.Unusable, o.Federation.Clusters, o.Federation.UID = errors.New("connection refused"), nil, ""
			o.NoMember = errors.New("no such context")
			o.Member = Member{Context: "gondor"}
		}, []string{"connection refused", "fedhelm status fellowship", "no such context"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newParting(t)
			o := p.options()
			tt.change(p, &o)
			before := p.state(t)
			_, err := Unjoin(t.Context(), o)
			if !errors.Is(err, setup.ErrRefused) {
				t.Fatalf("it ends with %v, want a refusal", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
			if diff := cmp.Diff(before, p.state(t)); diff != "" {
				t.Errorf("it changed something (-before +after):\n%s", diff)
			}
		})
	}
}

func TestUnjoinSweepsUpWhatAReleaseLeftThatIsLost(t *testing.T) {
	p := newParting(t)
	p.helm.info = nil // with the namespace that somebody deleted
	if err := p.member.CoreV1().ServiceAccounts(p.ref.Namespace).Delete(t.Context(), p.ref.MemberRelease(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	role := func(name, release, namespace string) *rbacv1.ClusterRole {
		return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{
			Name: name, Annotations: map[string]string{helmRelease: release, helmNamespace: namespace},
			Labels: map[string]string{federation.LabelName: "federation-member", federation.LabelInstance: "fellowship-member"},
		}}
	}
	theirs := []string{"fedhelm:federation-system:fellowship:by-hand", "fedhelm:rivendell:fellowship:member", "my-own"}
	for _, o := range []*rbacv1.ClusterRole{
		role("fedhelm:federation-system:fellowship:member", "fellowship-member", "federation-system"),
		role("fedhelm:federation-system:fellowship:member-kinds", "fellowship-member", "federation-system"),
		role(theirs[0], "", ""), role(theirs[1], "fellowship-member", "rivendell"), role(theirs[2], "fellowship-member", "federation-system"),
	} {
		binding := &rbacv1.ClusterRoleBinding{ObjectMeta: *o.ObjectMeta.DeepCopy()}
		if err := errors.Join(p.member.Tracker().Add(o), p.member.Tracker().Add(binding)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Unjoin(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	roles, err := p.member.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bindings, err := p.member.RbacV1().ClusterRoleBindings().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var left, bound []string
	for i := range roles.Items {
		left = append(left, roles.Items[i].Name)
	}
	for i := range bindings.Items {
		bound = append(bound, bindings.Items[i].Name)
	}
	if !slices.Equal(left, theirs) || !slices.Equal(bound, theirs) {
		t.Errorf("left are %v and %v, want %v", left, bound, theirs)
	}
}

func TestUnjoinWaitsForTheControllerManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParting(t)
		p.clusters.deaf = true
		_, err := Unjoin(t.Context(), p.options())
		if !errors.Is(err, setup.ErrTimedOut) || !strings.Contains(err.Error(), "fedhelm status fellowship") {
			t.Errorf("without it, unjoin ends with %v", err)
		}
		if p.helm.info == nil {
			t.Error("the member was touched while the controller manager may be at work on it")
		}
		o := p.options()
		o.Force = true
		began := time.Now()
		if _, err := Unjoin(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > 20*time.Second {
			t.Errorf("by force it still waits %s", waited)
		}
		if diff := cmp.Diff(others, p.state(t)); diff != "" {
			t.Errorf("what is left (-want +got):\n%s", diff)
		}
	})
}

func TestUnjoinOfWhatWasDeclaredByHand(t *testing.T) {
	p := newParting(t)
	p.helm.info = nil // another tool applied the chart's objects
	byHand := metav1.ObjectMeta{Name: "white-tree", Namespace: p.ref.Namespace}
	labelled := byHand
	labelled.Labels = map[string]string{fedv1beta1.LabelFederation: "fellowship", fedv1beta1.LabelCluster: "gondor"}
	for _, o := range []error{
		p.host.Tracker().Add(&corev1.Secret{ObjectMeta: labelled}),
		p.host.Tracker().Add(&rbacv1.Role{ObjectMeta: byHand, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"white-tree"}, Verbs: []string{"get", "list", "watch"},
		}}}),
		p.host.Tracker().Add(&rbacv1.RoleBinding{ObjectMeta: byHand, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "white-tree"}}),
	} {
		if o != nil {
			t.Fatal(o)
		}
	}
	got, err := Unjoin(t.Context(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	want := append([]string{"member *v1.ServiceAccount fellowship-member"}, others...)
	slices.Sort(want)
	if diff := cmp.Diff(want, p.state(t)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if len(got.Left) != 1 || !strings.Contains(got.Left[0].Why, "with the tool that installed it") {
		t.Errorf("it says that this stays: %v", got.Left)
	}
}

// annotate changes what the member's ServiceAccount says of whose it is.
func (p *parting) annotate(t *testing.T, annotation, value string) {
	t.Helper()
	accounts := p.member.CoreV1().ServiceAccounts(p.ref.Namespace)
	account, err := accounts.Get(t.Context(), p.ref.MemberRelease(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	account.Annotations[annotation] = value
	if _, err := accounts.Update(t.Context(), account, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
