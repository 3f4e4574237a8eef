package join

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/fedhelm/fedhelm/pkg/federation"
)

func TestUnjoinByForceLeavesOutTheMemberAndSaysSo(t *testing.T) {
	p := newParting(t)
	o := p.options()
	before := p.state(t)
	o.Force, o.NoMember, o.Member = true, errors.New("no such context"), Member{Context: "gondor"}
	got, err := Unjoin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var want []string // all that was in the member, and others
	for _, was := range before {
		if strings.HasPrefix(was, "member ") || slices.Contains(others, was) {
			want = append(want, was)
		}
	}
	if diff := cmp.Diff(want, p.state(t)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	var commands []string
	for _, left := range got.Left {
		commands = append(commands, left.Command)
	}
	for _, want := range []string{
		"kubectl --context=gondor --namespace=kube-system edit configmap coredns",
		"helm uninstall fellowship-member --kube-context=gondor --namespace=federation-system",
		"kubectl --context=gondor delete namespace federation-system",
		"--selector=federation.fedhelm.io/propagated-by=fellowship",
	} {
		if !strings.Contains(strings.Join(commands, "\n"), want) {
			t.Errorf("no command says %q:\n%s", want, strings.Join(commands, "\n"))
		}
	}
	// It has come back.
	if _, err := Unjoin(t.Context(), p.options()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(others, p.state(t)); diff != "" {
		t.Errorf("when the member has come back (-want +got):\n%s", diff)
	}
}

func TestCommandsAreForAShell(t *testing.T) {
	for text, want := range map[string]string{
		"gondor_needs-no_king": "gondor_needs-no_king", "admin@arn:aws:eks/1": "admin@arn:aws:eks/1",
		"the white city": "'the white city'", "king's": `'king'\''s'`, "a$b": "'a$b'", "": "''",
	} {
		if got := word(text); got != want {
			t.Errorf("word(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestUnjoinByForceWithoutTheFederationsAPI(t *testing.T) {
	p := newParting(t)
	o := p.options()
	o.Force = true
	o.Federation.Unusable, o.Federation.Clusters, o.Federation.UID = errors.New("connection refused"), nil, ""
	got, err := Unjoin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := append([]string{"federation Cluster gondor"}, others...)
	if diff := cmp.Diff(want, p.state(t)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	if len(got.Left) != 1 || got.Left[0].Command != "kubectl --context=fellowship delete cluster gondor" {
		t.Errorf("it says that this stays: %v", got.Left)
	}
}

func TestUnjoinByForceFromAFederationThatIsGone(t *testing.T) {
	p := newParting(t)
	p.host = fake.NewClientset() // and its namespace with it
	p.host.PrependReactor("create", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, p.ref.Namespace)
	})
	o := p.options()
	o.Force = true
	o.Federation = Federation{Ref: p.ref, Unusable: federation.ErrNone}
	got, err := Unjoin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Left) > 0 {
		t.Errorf("it says that this stays: %v", got.Left)
	}
	for _, is := range p.state(t) {
		if strings.HasPrefix(is, "member ") && !slices.Contains(others, is) {
			t.Errorf("the member still has: %s", is)
		}
	}
}

func TestUnjoinOfNobody(t *testing.T) {
	p := newParting(t)
	o := p.options()
	o.Name, o.NoMember, o.Member = "mordor", errors.New("no such context"), Member{Context: "mordor"}
	before := p.state(t)
	got, err := Unjoin(t.Context(), o)
	if err != nil || len(got.Done) > 0 || len(got.Left) > 0 {
		t.Errorf("it ends with %v, and did %v", err, got)
	}
	if diff := cmp.Diff(before, p.state(t)); diff != "" {
		t.Errorf("it changed something (-before +after):\n%s", diff)
	}
}
