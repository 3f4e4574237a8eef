package join

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/google/go-cmp/cmp"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/members"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	o := m.options()
	o.Labels = map[string]string{"tier": "gold"}
	joined, err := m.join(o)
	if err != nil {
		t.Fatalf("%v\n%s", err, m.out.String())
	}
	want := Joined{Cluster: "gondor", Outcome: Created, Federation: m.ref, Server: gondorServer, Secret: "fellowship.gondor"}
	if diff := cmp.Diff(want, joined); diff != "" {
		t.Errorf("Join (-want +got):\n%s", diff)
	}
	secret := m.secret("fellowship.gondor")
	if string(secret.Data[members.CAKey]) != string(m.authority.CertPEM()) || !strings.HasSuffix(string(secret.Data[members.TokenKey]), secretPart) ||
		string(secret.Data[members.TLSServerNameKey]) != "192.0.2.10" || len(secret.Data) != 3 {
		t.Errorf("the Secret has keys %v, or the wrong content", slices.Sorted(maps.Keys(secret.Data)))
	}
	if secret.Annotations[fedv1beta1.AnnotationV1ClusterName] != "gondor" || secret.Labels[fedv1beta1.LabelFederation] != "fellowship" || secret.Labels[fedv1beta1.LabelCluster] != "gondor" {
		t.Errorf("the Secret is %+v", secret.ObjectMeta)
	}
	role, err := m.host.RbacV1().Roles(m.ref.Namespace).Get(t.Context(), "fellowship.gondor", metav1.GetOptions{})
	if err != nil || len(role.Rules) != 1 || !slices.Equal(role.Rules[0].ResourceNames, []string{"fellowship.gondor"}) {
		t.Errorf("the Role is %+v, %v; want it for the one Secret", role, err)
	}
	cluster := m.realm.all["gondor"]
	if cluster.Annotations[fedv1beta1.AnnotationClusterUID] != gondorUID || cluster.Labels["tier"] != "gold" || cluster.Spec.SecretRef.Name != "fellowship.gondor" {
		t.Errorf("the Cluster is %+v", cluster)
	}
	if got := m.helm.values["cluster"]; got != "gondor" || m.helm.info.Name != "fellowship-member" {
		t.Errorf("the release is %+v with %v", m.helm.info, m.helm.values)
	}

	before := m.state()
	joined, err = m.join(m.options())
	if err != nil || joined.Outcome != Unchanged {
		t.Errorf("the second time: %+v, %v; want it unchanged", joined, err)
	}
	if diff := cmp.Diff(before, m.state()); diff != "" {
		t.Errorf("the second time changed something (-before +after):\n%s", diff)
	}
}

func TestJoinAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		age     time.Duration // of the token that is there
		change  func(*meeting, *JoinOptions)
		outcome Outcome
		tokens  int    // in all
		secret  string // "": the usual one
	}{
		{name: "nothing else asked for changes nothing", outcome: Unchanged, tokens: 1},
		{name: "half of the token's life over makes a new one", age: 361 * time.Hour, outcome: Refreshed, tokens: 2},
		{name: "a little less than half is enough", age: 359 * time.Hour, outcome: Unchanged, tokens: 1},
		{name: "--refresh makes a new one", change: func(_ *meeting, o *JoinOptions) { o.Refresh = true }, outcome: Refreshed, tokens: 2},
		{name: "another address", change: func(_ *meeting, o *JoinOptions) { o.Endpoint = "https://192.0.2.10" }, outcome: Configured, tokens: 1},
		{name: "cluster-admin", change: func(_ *meeting, o *JoinOptions) { o.ClusterAdmin = ptr.To(true) }, outcome: Configured, tokens: 1},
		{
			name: "another authority makes new credentials", outcome: Refreshed, tokens: 2,
			change: func(m *meeting, o *JoinOptions) { o.CA = append(m.authority.CertPEM(), m.authority.CertPEM()...) },
		},
		{
			name: "another name of the Secret moves it", outcome: Refreshed, tokens: 2, secret: "11kingdom",
			change: func(_ *meeting, o *JoinOptions) { o.SecretName = "11kingdom" },
		},
		{
			name: "a Secret that was deleted is made again", outcome: Refreshed, tokens: 2,
			change: func(m *meeting, _ *JoinOptions) {
				m.must(m.host.CoreV1().Secrets(m.ref.Namespace).Delete(context.Background(), "fellowship.gondor", metav1.DeleteOptions{}))
			},
		},
		{
			name: "a member that is not Ready gets new credentials", outcome: Refreshed, tokens: 2,
			change: func(m *meeting, _ *JoinOptions) {
				m.realm.all["gondor"].Status.Conditions[0].Status = metav1.ConditionFalse
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			m.age = tt.age
			if _, err := m.join(m.options()); err != nil {
				t.Fatal(err)
			}
			m.age = 0
			o := m.options()
			if tt.change != nil {
				tt.change(m, &o)
			}
			joined, err := m.join(o)
			if err != nil || joined.Outcome != tt.outcome || m.tokens != tt.tokens {
				t.Fatalf("Join = %+v, %v with %d tokens; want %q with %d", joined, err, m.tokens, tt.outcome, tt.tokens)
			}
			name := "fellowship.gondor"
			if tt.secret != "" {
				name = tt.secret
			}
			m.secret(name)
			secrets, err := m.host.CoreV1().Secrets(m.ref.Namespace).List(t.Context(), metav1.ListOptions{})
			if err != nil || len(secrets.Items) != 1 {
				t.Errorf("there are %d Secrets, %v; want the one", len(secrets.Items), err)
			}
			if c := m.realm.all["gondor"]; o.Endpoint != "" && c.Spec.ServerAddressByClientCIDRs[0].ServerAddress != o.Endpoint {
				t.Errorf("the Cluster is at %+v", c.Spec)
			}
		})
	}
}

func TestJoinKeepsWhatItWasJoinedWith(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	m.serve(m.authority.Server(t, "gondor.example.com"))
	o := m.options()
	o.Endpoint, o.SecretName, o.ClusterAdmin = "https://gondor.example.com:6443", "11kingdom", ptr.To(true)
	if _, err := m.join(o); err != nil {
		t.Fatal(err)
	}
	o = m.options()
	o.Refresh = true
	joined, err := m.join(o)
	if err != nil || joined.Server != "https://gondor.example.com:6443" || joined.Secret != "11kingdom" {
		t.Errorf("Join = %+v, %v; want address and Secret as they were", joined, err)
	}
	if rbac, _ := m.helm.values["rbac"].(map[string]any); rbac["clusterAdmin"] != true {
		t.Errorf("the release has %v; want cluster-admin as it was", m.helm.values)
	}
}

func TestJoinUsesWhatAnotherToolPutThere(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	ctx := context.Background()
	_, err := m.member.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: m.ref.Namespace}}, metav1.CreateOptions{})
	m.must(err)
	if _, err := m.member.CoreV1().ServiceAccounts(m.ref.Namespace).Create(ctx, m.account(), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	joined, err := m.join(m.options())
	if err != nil || joined.Outcome != Created {
		t.Fatalf("Join = %+v, %v", joined, err)
	}
	if m.helm.info != nil {
		t.Errorf("a release was installed over it: %+v", m.helm.info)
	}
}

func TestTwoJoinsOfOneMember(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	held, lock, err := federation.AcquireMember(context.Background(), m.host, m.ref, "gondor", "somebody else", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { m.must(lock.Remove(context.WithoutCancel(held))) }()
	if _, err := m.join(m.options()); !errors.Is(err, federation.ErrLocked) || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("got %v, want ErrLocked with the holder's name", err)
	}
	if len(m.realm.all) > 0 || m.helm.info != nil {
		t.Errorf("something was made: %v", m.state())
	}
}

func TestJoinTakesOverRightsThatWereWrittenByHand(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	named := metav1.ObjectMeta{Name: "fellowship.gondor", Namespace: m.ref.Namespace}
	m.must(m.host.Tracker().Add(&rbacv1.Role{
		ObjectMeta: named, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{named.Name}, Verbs: []string{"get"}}},
	}))
	m.must(m.host.Tracker().Add(&rbacv1.RoleBinding{
		ObjectMeta: named, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: named.Name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: m.ref.ControllerManager(), Namespace: m.ref.Namespace}},
	}))
	if _, err := m.join(m.options()); err != nil {
		t.Fatal(err)
	}
	role, err := m.host.RbacV1().Roles(named.Namespace).Get(t.Context(), named.Name, metav1.GetOptions{})
	if err != nil || !slices.Contains(role.Rules[0].Verbs, "watch") {
		t.Errorf("the Role is %+v, %v; want all the rights in it", role, err)
	}
}
