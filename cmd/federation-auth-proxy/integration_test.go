//go:build integration

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

// front is the proxy before a real API server.
type front struct {
	url    string
	server *apiserver.Server
	admin  *kubernetes.Clientset // of the API server itself
}

func startFront(t *testing.T) (*front, *process.Process) {
	t.Helper()
	f := &front{server: apiserver.Start(t)}
	listen, health := process.FreeAddress(t), process.FreeAddress(t)
	f.url = "https://" + listen
	dir := f.server.Dir
	f.server.FrontProxyCA.Client(t, "federation-auth-proxy").Write(t, dir, "front-proxy-client")
	hash, err := bcrypt.GenerateFromPassword([]byte("mellon"), bcrypt.DefaultCost)
	if err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "basicauth.csv")
	if err := os.WriteFile(users, []byte(string(hash)+`,admin,42,"federation:admins"`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	proxy := process.Start(t, process.Build(t, program), "--listen="+listen, "--health-listen="+health, "--target="+f.server.URL,
		"--cert-dir="+dir, "--client-ca-file="+filepath.Join(dir, "ca.crt"), "--users-file="+users)
	eventually.Do(t, 20*time.Second, "the proxy to be ready", func() error {
		resp, err := http.Get("http://" + health + "/readyz")
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		return nil
	})
	f.admin = kubernetes.NewForConfigOrDie(f.server.Admin(t))
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "federation:admins"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "federation:admins"}},
	}
	if _, err := f.admin.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return f, proxy
}

// anonymous is a config without credentials, through the proxy.
func (f *front) anonymous() *rest.Config {
	return &rest.Config{Host: f.url, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: f.server.CA.CertPEM()}}
}

func (f *front) password(password string) *rest.Config {
	c := f.anonymous()
	c.Username, c.Password = "admin", password
	return c
}

// whoami returns what the API server takes the config's user for.
func whoami(ctx context.Context, config *rest.Config) (authenticationv1.UserInfo, error) {
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	review, err := c.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	return review.Status.UserInfo, nil
}

func TestIntegrationAuthProxy(t *testing.T) {
	f, proxy := startFront(t)
	t.Run("identities", f.testIdentities)
	t.Run("spoofing", f.testSpoofing)
	t.Run("impersonation", f.testImpersonation)
	t.Run("watch", f.testWatch)
	t.Run("anonymous load", f.testAnonymousLoad)
	t.Run("away", f.testAway)
	proxy.Signal(syscall.SIGTERM)
	if code := proxy.ExitCode(t, 20*time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

func (f *front) testIdentities(t *testing.T) {
	ctx := t.Context()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}
	if _, err := f.admin.CoreV1().ServiceAccounts("default").Create(ctx, account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := f.admin.CoreV1().ServiceAccounts("default").CreateToken(ctx, "robot", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	withToken := func(token string) *rest.Config {
		c := f.anonymous()
		c.BearerToken = token
		return c
	}
	withCert := f.server.Config(t, "gandalf", "wizards")
	withCert.Host = f.url
	withCertAndToken := rest.CopyConfig(withCert)
	withCertAndToken.BearerToken = token.Status.Token

	tests := []struct {
		name   string
		config *rest.Config
		user   string // "" for one that is refused
		groups []string
	}{
		{name: "a right password", config: f.password("mellon"), user: "admin", groups: []string{"federation:admins", "system:authenticated"}},
		{name: "a wrong password", config: f.password("friend")},
		{name: "a token", config: withToken(token.Status.Token), user: "system:serviceaccount:default:robot", groups: []string{"system:serviceaccounts"}},
		{name: "a wrong token", config: withToken("wrong")},
		{name: "a client certificate", config: withCert, user: "gandalf", groups: []string{"wizards", "system:authenticated"}},
		{name: "a certificate and a token", config: withCertAndToken, user: "gandalf", groups: []string{"wizards"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, err := whoami(t.Context(), tt.config)
			if tt.user == "" {
				if !apierrors.IsUnauthorized(err) {
					t.Errorf("whoami = %+v, %v; want 401", who, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if who.Username != tt.user {
				t.Errorf("user %q, want %q", who.Username, tt.user)
			}
			for _, g := range tt.groups {
				if !slices.Contains(who.Groups, g) {
					t.Errorf("groups %q lack %q", who.Groups, g)
				}
			}
		})
	}
	t.Run("a certificate is noted for the audit log as the API server does", func(t *testing.T) {
		direct := rest.CopyConfig(withCert)
		direct.Host = f.server.URL
		want, errDirect := whoami(ctx, direct)
		got, errFront := whoami(ctx, withCert)
		if errDirect != nil || errFront != nil {
			t.Fatal(errDirect, errFront)
		}
		if fmt.Sprint(got.Extra) != fmt.Sprint(want.Extra) || len(got.Extra) == 0 {
			t.Errorf("extra %v, want %v", got.Extra, want.Extra)
		}
	})
	t.Run("no credentials are anonymous", func(t *testing.T) {
		_, err := kubernetes.NewForConfigOrDie(f.anonymous()).CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "system:anonymous") {
			t.Errorf("List = %v, want system:anonymous to be forbidden", err)
		}
	})
	t.Run("an administrator by password may do things", func(t *testing.T) {
		c := kubernetes.NewForConfigOrDie(f.password("mellon"))
		if _, err := c.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "by-admin"}}, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// claiming adds headers to every request.
type claiming struct {
	headers http.Header
	next    http.RoundTripper
}

func (c claiming) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range c.headers {
		r.Header[name] = values
	}
	return c.next.RoundTrip(r)
}

func (f *front) testSpoofing(t *testing.T) {
	claim := http.Header{
		"X-Remote-User": {"root"}, "x-remote-group": {"system:masters"}, "X-Remote-Group": {"system:masters"}, "X-Remote-Uid": {"0"},
		"X-Remote-Extra-Scopes": {"all"}, "Connection": {"X-Remote-User"},
	}
	withClaim := func(c *rest.Config) *rest.Config {
		c.Wrap(func(next http.RoundTripper) http.RoundTripper { return claiming{claim, next} })
		c.NextProtos = []string{"http/1.1"} // HTTP/2 has no Connection header
		return c
	}
	_, err := kubernetes.NewForConfigOrDie(withClaim(f.anonymous())).CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "system:anonymous") {
		t.Errorf("without credentials: %v, want system:anonymous to be forbidden", err)
	}
	who, err := whoami(t.Context(), withClaim(f.password("mellon")))
	if err != nil {
		t.Fatal(err)
	}
	if who.Username != "admin" || who.UID != "42" || slices.Contains(who.Groups, "system:masters") || len(who.Extra) != 0 {
		t.Errorf("came as %+v, want admin", who)
	}
}

func (f *front) testImpersonation(t *testing.T) {
	config := f.password("mellon")
	config.Impersonate = rest.ImpersonationConfig{UserName: "frodo"}
	if who, err := whoami(t.Context(), config); err != nil || who.Username != "frodo" {
		t.Errorf("an administrator as frodo: %+v, %v", who, err)
	}
	config = f.server.Config(t, "gollum")
	config.Host = f.url
	config.Impersonate = rest.ImpersonationConfig{UserName: "admin", Groups: []string{"system:masters"}}
	if who, err := whoami(t.Context(), config); !apierrors.IsForbidden(err) {
		t.Errorf("a nobody as an administrator: %+v, %v; want a refusal", who, err)
	}
}

func (f *front) testWatch(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	maps := kubernetes.NewForConfigOrDie(f.password("mellon")).CoreV1().ConfigMaps("default")
	w, err := maps.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=watched"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if _, err := f.admin.CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "watched"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case event := <-w.ResultChan():
		if m, ok := event.Object.(*corev1.ConfigMap); !ok || m.Name != "watched" {
			t.Errorf("event %+v, want the ConfigMap", event)
		}
	case <-time.After(10 * time.Second):
		t.Error("the event has not come through")
	}
}

// testAnonymousLoad: the API server ends HTTP/2 connections of who is anonymous,
// which must not be those of others.
func (f *front) testAnonymousLoad(t *testing.T) {
	token, err := f.admin.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "robot", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := f.anonymous()
	config.BearerToken = token.Status.Token
	robot := kubernetes.NewForConfigOrDie(config).AuthenticationV1().RESTClient()
	stranger := kubernetes.NewForConfigOrDie(f.anonymous()).CoreV1().RESTClient()
	ctx, done := context.WithCancel(t.Context())
	var strangers, robots sync.WaitGroup
	for range 4 {
		strangers.Go(func() {
			for ctx.Err() == nil {
				err := stranger.Get().Resource("namespaces").MaxRetries(0).Do(ctx).Error()
				if ctx.Err() == nil && !apierrors.IsForbidden(err) {
					t.Errorf("anonymous: %v, want 403", err)
				}
			}
		})
		robots.Go(func() {
			for range 50 {
				review := robot.Post().Resource("selfsubjectreviews").Body(&authenticationv1.SelfSubjectReview{})
				if err := review.MaxRetries(0).Do(ctx).Error(); err != nil {
					t.Errorf("with a token: %v", err)
				}
			}
		})
	}
	robots.Wait()
	done()
	strangers.Wait()
}

func (f *front) testAway(t *testing.T) {
	c := kubernetes.NewForConfigOrDie(f.password("mellon")).CoreV1().RESTClient()
	f.server.Stop()
	if err := c.Get().AbsPath("/version").MaxRetries(0).Do(t.Context()).Error(); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("while the API server is away: %v, want 503", err)
	}
	f.server.Restart()
	if err := c.Get().AbsPath("/version").Do(t.Context()).Error(); err != nil {
		t.Errorf("after it has come back: %v", err)
	}
}
