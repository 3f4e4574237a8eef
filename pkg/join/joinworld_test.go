package join

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

const gondorServer = "https://192.0.2.10:6443"

// secretPart is in every token: nothing that is printed may hold it.
const secretPart = "c2VjcmV0-signature"

// meeting is a federation and a cluster that is about to join it.
type meeting struct {
	t            *testing.T
	ref          federation.Ref
	host, member *fake.Clientset
	objects      *metadatafake.FakeMetadataClient
	definitions  *metadatafake.FakeMetadataClient // in the federation API
	realm        *realm
	helm         *tiller
	authority    *certs.Pair
	listener     net.Listener // what answers at gondorServer
	out          bytes.Buffer

	tokens int           // that were made
	age    time.Duration // of the next one
	denied []string      // "verb resource" that nobody may
}

func newMeeting(t *testing.T, inMember ...runtime.Object) *meeting {
	t.Helper()
	ref := federation.Ref{Name: "fellowship", Namespace: "federation-system"}
	m := &meeting{t: t, ref: ref}
	labels := map[string]string{federation.LabelInstance: ref.Name, federation.LabelPartOf: federation.PartOf, federation.LabelName: federation.AppName}
	m.host = fake.NewClientset(&appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: ref.ControllerManager(), Namespace: ref.Namespace, Labels: labels},
		Status:     appsv1.DeploymentStatus{ReadyReplicas: 1},
	})
	m.member = fake.NewClientset(append(inMember, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: gondorUID}})...)
	m.member.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: "v1.36.3"}
	for _, client := range []*fake.Clientset{m.host, m.member} {
		m.admit(client)
	}
	m.member.PrependReactor("create", "serviceaccounts", m.tokenRequest)
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	m.objects, m.definitions = metadatafake.NewSimpleMetadataClient(scheme), metadatafake.NewSimpleMetadataClient(scheme)
	m.realm = &realm{all: map[string]*fedv1beta1.Cluster{}, host: m.host, namespace: ref.Namespace}
	m.helm = &tiller{meeting: m}
	m.authority = certs.CA(t, "gondor-ca")
	m.serve(m.authority.Server(t, "192.0.2.10"))
	t.Cleanup(func() {
		if strings.Contains(m.out.String(), secretPart) {
			t.Errorf("a token was printed:\n%s", m.out.String())
		}
	})
	return m
}

// serve lets the member present a certificate.
func (m *meeting) serve(pair *certs.Pair) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // who looks at a certificate alone breaks the handshake off
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}}}
	server.StartTLS()
	m.t.Cleanup(server.Close)
	m.listener = server.Listener
}

// admit lets everybody in, and allows what is not denied.
func (m *meeting) admit(client *fake.Clientset) {
	client.PrependReactor("create", "selfsubjectaccessreviews", func(a clienttesting.Action) (bool, runtime.Object, error) {
		review := a.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		asked := review.Spec.ResourceAttributes
		what := asked.Verb + " " + asked.Resource
		review.Status.Allowed = !slices.Contains(m.denied, what) && (asked.Verb != "*" || len(m.denied) == 0)
		return true, review, nil
	})
	client.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "denethor"}}}, nil
	})
}

func (m *meeting) tokenRequest(a clienttesting.Action) (bool, runtime.Object, error) {
	if a.GetSubresource() != "token" {
		return false, nil, nil
	}
	name := a.(clienttesting.CreateActionImpl).Name
	if _, err := m.member.Tracker().Get(corev1.SchemeGroupVersion.WithResource("serviceaccounts"), a.GetNamespace(), name); err != nil {
		return true, nil, err
	}
	m.tokens++
	issued := time.Now().Add(-m.age)
	payload := fmt.Sprintf(`{"sub":"system:serviceaccount:%s:%s","iat":%d,"exp":%d,"jti":"%d"}`, a.GetNamespace(), name, issued.Unix(), issued.Add(tokenLife).Unix(), m.tokens)
	return true, &authenticationv1.TokenRequest{Status: authenticationv1.TokenRequestStatus{
		Token: "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + secretPart,
	}}, nil
}

func (m *meeting) options() JoinOptions {
	config := &rest.Config{Host: gondorServer, TLSClientConfig: rest.TLSClientConfig{CAData: m.authority.CertPEM()}}
	config.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, m.listener.Addr().String())
	}
	return JoinOptions{
		Name:       "gondor",
		Chart:      &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "federation-member"}},
		Host:       Host{Client: m.host, Context: "rivendell", Server: "https://host"},
		Member:     Member{Client: m.member, Objects: m.objects, Config: config, Context: "gondor", Server: gondorServer, Releases: m.helm},
		Federation: Federation{Ref: m.ref, UID: fedUID, Clusters: m.realm, API: m.host, Objects: m.definitions},
		Identity:   "the test", Timeout: 20 * time.Second,
		Progress: progress.New(progress.Options{Out: &m.out, Verbose: true}),
	}
}

// join runs Join, and sees to it that its error says nothing secret.
func (m *meeting) join(o JoinOptions) (Joined, error) {
	m.t.Helper()
	joined, err := Join(context.Background(), o)
	if err != nil && strings.Contains(err.Error(), secretPart) {
		m.t.Errorf("the error has a token in it: %v", err)
	}
	return joined, err
}

// state is all that there is, the content of Secrets as well.
func (m *meeting) state() []string {
	m.t.Helper()
	var found []string
	add := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	ctx, all := context.Background(), metav1.ListOptions{}
	namespaces, err := m.member.CoreV1().Namespaces().List(ctx, all)
	m.must(err)
	for i := range namespaces.Items {
		add("member namespace %s", namespaces.Items[i].Name)
	}
	accounts, err := m.member.CoreV1().ServiceAccounts(metav1.NamespaceAll).List(ctx, all)
	m.must(err)
	for i := range accounts.Items {
		add("member account %s", accounts.Items[i].Name)
	}
	secrets, err := m.host.CoreV1().Secrets(m.ref.Namespace).List(ctx, all)
	m.must(err)
	for i := range secrets.Items {
		s := &secrets.Items[i]
		add("host secret %s %v %s", s.Name, s.Labels, s.Data[members.TokenKey])
	}
	roles, err := m.host.RbacV1().Roles(m.ref.Namespace).List(ctx, all)
	m.must(err)
	for i := range roles.Items {
		add("host role %s", roles.Items[i].Name)
	}
	bindings, err := m.host.RbacV1().RoleBindings(m.ref.Namespace).List(ctx, all)
	m.must(err)
	for i := range bindings.Items {
		add("host binding %s", bindings.Items[i].Name)
	}
	leases, err := m.host.CoordinationV1().Leases(m.ref.Namespace).List(ctx, all)
	m.must(err)
	for i := range leases.Items {
		add("host lease %s", leases.Items[i].Name)
	}
	for name, c := range m.realm.all {
		add("cluster %s %v %v %s", name, c.Labels, c.Spec.ServerAddressByClientCIDRs, c.Spec.SecretRef.Name)
	}
	if m.helm.info != nil {
		add("release %s %v", m.helm.info.Name, m.helm.values)
	}
	slices.Sort(found)
	return found
}

func (m *meeting) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// secret is the member's in the host cluster.
func (m *meeting) secret(name string) *corev1.Secret {
	m.t.Helper()
	s, err := m.host.CoreV1().Secrets(m.ref.Namespace).Get(context.Background(), name, metav1.GetOptions{})
	m.must(err)
	return s
}
