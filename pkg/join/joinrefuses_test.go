package join

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/setup"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// obstacle is one thing that keeps a cluster from joining.
type obstacle struct {
	name  string
	is    func(*meeting, *JoinOptions)
	wants []string
}

var obstacles = []obstacle{
	{
		name: "the name is another cluster's", wants: []string{`the name "gondor" is that of another cluster (https://other)`, "fedhelm unjoin gondor"},
		is: func(m *meeting, _ *JoinOptions) { m.register("gondor", "uid-of-another") },
	},
	{
		name: "the cluster is a member under another name", wants: []string{`in the federation already, as "minas-tirith"`, "fedhelm unjoin minas-tirith"},
		is: func(m *meeting, _ *JoinOptions) { m.register("minas-tirith", gondorUID) },
	},
	{
		name: "the cluster belongs to another federation of the same name", wants: []string{`another federation named "fellowship"`, `namespace "elsewhere"`, "uninstall fellowship-member"},
		is: func(m *meeting, _ *JoinOptions) {
			account := m.account()
			account.Namespace, account.Annotations = "elsewhere", map[string]string{fedv1beta1.AnnotationFederationUID: "another"}
			m.must(m.member.Tracker().Add(account))
		},
	},
	{
		name: "a namespace of the member is named like the federation", wants: []string{`a namespace "fellowship"`, "--cluster-dns=none"},
		is: func(m *meeting, o *JoinOptions) {
			o.DNS, o.Federation.Zone = memberdns.Auto, "example.com"
			m.must(m.member.Tracker().Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fellowship"}}))
		},
	},
	{
		name: "the Secret's name is taken", wants: []string{`Secret "fellowship.gondor"`, "belongs to something else", "--secret-name"},
		is: func(m *meeting, _ *JoinOptions) {
			m.must(m.host.Tracker().Add(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "fellowship.gondor", Namespace: m.ref.Namespace}}))
		},
	},
	{
		name: "the kubeconfig's server is on this machine", wants: []string{"https://127.0.0.1:6443", `context "gondor"`, "--cluster-endpoint"},
		is: func(_ *meeting, o *JoinOptions) { o.Member.Server = "https://127.0.0.1:6443" },
	},
	{
		name: "the member is too old", wants: []string{"v1.24.17", "the oldest supported is 1.25"},
		is: func(m *meeting, _ *JoinOptions) {
			m.member.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: "v1.24.17"}
		},
	},
	{
		name: "rights are missing", wants: []string{"create serviceaccounts/token", "patch roles.rbac.authorization.k8s.io", `context "gondor"`, `context "rivendell"`, "auth can-i --list"},
		is: func(m *meeting, _ *JoinOptions) { m.denied = []string{"create serviceaccounts", "patch roles"} },
	},
	{
		name: "the clock is wrong", wants: []string{"is 10m0s behind", "NTP"},
		is: func(_ *meeting, o *JoinOptions) { o.MemberClock = ahead(-10 * time.Minute) },
	},
}

// ahead is a clock that is wrong by so much.
type ahead time.Duration

func (a ahead) Skew(context.Context) (time.Duration, error) { return time.Duration(a), nil }

func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	more := slices.Concat(obstacles, []obstacle{
		{
			name: "the federation's API does not answer", wants: []string{"cannot be used: no route", "fedhelm status fellowship"},
			is: func(_ *meeting, o *JoinOptions) {
				o.Federation.Unusable, o.Federation.Clusters, o.Federation.API = errors.New("no route"), nil, nil
			},
		},
		{
			name: "the Role's and the RoleBinding's name is taken", wants: []string{`Role "11kingdom"`, `RoleBinding "11kingdom"`, "belongs to something else", "--secret-name"},
			is: func(m *meeting, o *JoinOptions) {
				o.SecretName = "11kingdom"
				named := metav1.ObjectMeta{Name: "11kingdom", Namespace: m.ref.Namespace}
				m.must(m.host.Tracker().Add(&rbacv1.Role{ObjectMeta: named, Rules: []rbacv1.PolicyRule{{Resources: []string{"pods"}}}}))
				m.must(m.host.Tracker().Add(&rbacv1.RoleBinding{
					ObjectMeta: named, RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "11kingdom"}, Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, Name: "grima"}},
				}))
			},
		},
		{
			name: "the controller manager is not ready", wants: []string{`"fellowship-controller-manager"`, "fedhelm status fellowship"},
			is: func(m *meeting, _ *JoinOptions) {
				m.must(m.host.AppsV1().Deployments(m.ref.Namespace).Delete(context.Background(), m.ref.ControllerManager(), metav1.DeleteOptions{}))
			},
		},
		{
			name: "the certificate is signed by another authority", wants: []string{"gondor-ca", "--cluster-ca"},
			is: func(m *meeting, o *JoinOptions) { o.CA = certs.CA(m.t, "mordor-ca").CertPEM() },
		},
		{
			name: "the certificate is for other names", wants: []string{`is not for "192.0.2.10"`, "minas-tirith.example.com", "tls-server-name"},
			is: func(m *meeting, _ *JoinOptions) { m.serve(m.authority.Server(m.t, "minas-tirith.example.com")) },
		},
		{
			name: "the kubeconfig verifies nothing, and nothing else does", wants: []string{"--cluster-ca"},
			is: func(_ *meeting, o *JoinOptions) { o.Member.Config.CAData, o.Member.Config.Insecure = nil, true },
		},
		{
			name: "the member is on its way out", wants: []string{"on its way out", "fedhelm unjoin gondor"},
			is: func(m *meeting, _ *JoinOptions) {
				m.register("gondor", gondorUID)
				m.realm.all["gondor"].Annotations[fedv1beta1.AnnotationLeaving] = fedv1beta1.LeavingKeep
			},
		},
	})
	for _, tt := range more {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMeeting(t)
			o := m.options()
			tt.is(m, &o)
			m.refuses(o, tt.wants...)
		})
	}
}

func TestJoinTellsOfEverythingAtOnce(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	o := m.options()
	var wants []string
	for _, each := range obstacles {
		each.is(m, &o)
		wants = append(wants, each.wants...)
	}
	m.refuses(o, wants...)
}

// refuses sees to it that Join says all of that, and writes nothing.
func (m *meeting) refuses(o JoinOptions, wants ...string) {
	m.t.Helper()
	before := m.state()
	_, err := m.join(o)
	if !errors.Is(err, setup.ErrRefused) {
		m.t.Fatalf("got %v, want a refusal", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			m.t.Errorf("the refusal does not say %q:\n%v", want, err)
		}
	}
	if diff := cmp.Diff(before, m.state()); diff != "" {
		m.t.Errorf("something was written (-before +after):\n%s", diff)
	}
}

// register makes a cluster known to the federation.
func (m *meeting) register(name, uid string) {
	m.realm.all[name] = &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{fedv1beta1.AnnotationClusterUID: uid}},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: "https://other"}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: m.ref.MemberObject(name)},
		},
	}
}

func TestJoinWithoutAnAuthorityInTheKubeconfigFindsTheClustersOwn(t *testing.T) {
	t.Parallel()
	m := newMeeting(t)
	m.must(m.member.Tracker().Add(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "kube-root-ca.crt", Namespace: metav1.NamespaceSystem}, Data: map[string]string{"ca.crt": string(m.authority.CertPEM())},
	}))
	o := m.options()
	o.Member.Config.CAData, o.Member.Config.Insecure = nil, true
	if _, err := m.join(o); err != nil {
		t.Fatal(err)
	}
	if got := m.secret("fellowship.gondor").Data["ca.crt"]; string(got) != string(m.authority.CertPEM()) {
		t.Errorf("the Secret has the authority %q", got)
	}
}
