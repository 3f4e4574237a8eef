//go:build integration

package cluster_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/controllers/cluster"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fedapi"
)

const (
	federation = fedapi.Federation
	namespace  = fedapi.Namespace
	hostUser   = "system:serviceaccount:" + namespace + ":fellowship-controller-manager"

	threshold = 3
)

// world is a federation with its host, each a real API server, and the controller at work.
type world struct {
	t        *testing.T
	host     *apiserver.Server
	secrets  kubernetes.Interface // as administrator of the host
	clusters client.Client        // as administrator of the federation
	registry *members.Registry
	metrics  *prometheus.Registry
	stop     func() // returns when the controller has ended
}

func newWorld(t *testing.T, period time.Duration) *world {
	t.Helper()
	ctrl.SetLogger(logr.Discard())
	fed := fedapi.Start(t)
	w := &world{t: t, host: apiserver.Start(t), clusters: fed.Client, metrics: prometheus.NewRegistry()}
	w.secrets = kubernetes.NewForConfigOrDie(w.host.Admin(t))
	w.must(w.secrets.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}))
	w.run(fed, period)
	return w
}

// run starts what the controller manager runs, as the users that it runs as.
func (w *world) run(fed *fedapi.API, period time.Duration) {
	w.t.Helper()
	mgr := fed.Manager(w.t)
	asManager := kubernetes.NewForConfigOrDie(w.host.Config(w.t, hostUser))
	w.registry = fedapi.Registry(mgr, asManager.CoreV1().Secrets(namespace))
	controller := cluster.New(cluster.Options{
		Members: w.registry, Clusters: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: mgr.GetEventRecorder(fedapi.User),
		Period: period, Timeout: time.Second, Threshold: threshold, TopologyPeriod: 2 * time.Second, Metrics: w.metrics,
	})
	w.stop = fedapi.Run(w.t, mgr, w.registry, controller)
}

func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// member is a cluster that can join.
type member struct{ *fedapi.Member }

// newMember has the ServiceAccount and rights that the member's chart makes, and two nodes.
func newMember(t *testing.T, name string, flags ...string) *member {
	t.Helper()
	m := &member{fedapi.StartMember(t, name, flags...)}
	ctx, create := t.Context(), metav1.CreateOptions{}
	account := rbacv1.Subject{Kind: "ServiceAccount", Namespace: namespace, Name: "fellowship-member"}
	_, err1 := m.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, create)
	_, err2 := m.Client.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account.Name}}, create)
	_, err3 := m.Client.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "member"},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes", "namespaces"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, ResourceNames: []string{account.Name}, Verbs: []string{"create"}},
		},
	}, create)
	_, err4 := m.Client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "member"}, Subjects: []rbacv1.Subject{account},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "member"},
	}, create)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	m.addNode(t, "a", map[string]string{corev1.LabelTopologyZone: name + "-1", corev1.LabelTopologyRegion: name})
	m.addNode(t, "b", map[string]string{corev1.LabelFailureDomainBetaZone: name + "-2", corev1.LabelFailureDomainBetaRegion: name})
	return m
}

func (m *member) addNode(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	if _, err := m.Client.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// token mints one of the member's ServiceAccount, with a life that the API server itself would find too short.
func (m *member) token(t *testing.T, life time.Duration) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(m.Dir, "sa.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	account, err := m.Client.CoreV1().ServiceAccounts(namespace).Get(t.Context(), "fellowship-member", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	const issuer = "https://kubernetes.default.svc.cluster.local"
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": issuer, "aud": []string{issuer}, "sub": "system:serviceaccount:" + namespace + ":" + account.Name,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(),
		"kubernetes.io": map[string]any{"namespace": namespace, "serviceaccount": map[string]string{"name": account.Name, "uid": string(account.UID)}},
	})
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func secretName(m string) string { return federation + "." + m }

func (w *world) secret(m *member, token string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: secretName(m.Name), Namespace: namespace,
			Labels: map[string]string{fedv1beta1.LabelFederation: federation, fedv1beta1.LabelCluster: m.Name},
		},
		Data: map[string][]byte{"token": []byte(token), "ca.crt": m.CA.CertPEM()},
	}
}

func (w *world) createSecret(s *corev1.Secret) {
	w.t.Helper()
	w.must(w.secrets.CoreV1().Secrets(namespace).Create(w.t.Context(), s, metav1.CreateOptions{}))
}

// allow makes the Role that lets the controller manager read one Secret.
func (w *world) allow(name string) {
	w.t.Helper()
	w.must(w.secrets.RbacV1().Roles(namespace).Create(w.t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{name}, Verbs: []string{"get", "list", "watch", "update", "patch"},
		}},
	}, metav1.CreateOptions{}))
	w.must(w.secrets.RbacV1().RoleBindings(namespace).Create(w.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: hostUser}},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}, metav1.CreateOptions{}))
}

func (w *world) register(m *member, secret string) {
	w.t.Helper()
	if err := w.clusters.Create(w.t.Context(), &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: m.Name},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: "192.0.2.1:1"}, {ClientCIDR: "127.0.0.0/8", ServerAddress: m.URL}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: secret},
		},
	}); err != nil {
		w.t.Fatal(err)
	}
}

// join registers a member with a token of the life given.
func (w *world) join(m *member, life time.Duration) {
	w.t.Helper()
	w.allow(secretName(m.Name))
	w.createSecret(w.secret(m, m.token(w.t, life)))
	w.register(m, secretName(m.Name))
}

func (w *world) get(name string) (*fedv1beta1.Cluster, error) {
	var c fedv1beta1.Cluster
	return &c, w.clusters.Get(w.t.Context(), client.ObjectKey{Name: name}, &c)
}

// becomes waits for a condition, and returns the Cluster and how long it took.
func (w *world) becomes(limit time.Duration, name, kind string, status metav1.ConditionStatus, reason string) (*fedv1beta1.Cluster, time.Duration) {
	w.t.Helper()
	var got *fedv1beta1.Cluster
	begun := time.Now()
	eventually.Do(w.t, limit, fmt.Sprintf("%s of %s to be %s (%s)", kind, name, status, reason), func() (err error) {
		if got, err = w.get(name); err != nil {
			return err
		}
		return is(got, kind, status, reason)
	})
	return got, time.Since(begun)
}

func is(c *fedv1beta1.Cluster, kind string, status metav1.ConditionStatus, reason string) error {
	have := meta.FindStatusCondition(c.Status.Conditions, kind)
	if have == nil || have.Status != status || have.Reason != reason {
		return fmt.Errorf("conditions are %+v", c.Status.Conditions)
	}
	return nil
}

// ready is the condition of that name, which must be there.
func ready(c *fedv1beta1.Cluster) *metav1.Condition {
	return meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady)
}

func (w *world) ready(limit time.Duration, name string) *fedv1beta1.Cluster {
	w.t.Helper()
	c, _ := w.becomes(limit, name, fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady)
	return c
}
