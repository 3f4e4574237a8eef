package setup

import (
	"bytes"
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	fedchart "github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

var fellowship = federation.Ref{Name: "fellowship", Namespace: "federation-system"}

// world is a host cluster in which releases come up, a federation API, and a user with a kubeconfig.
type world struct {
	t      *testing.T
	client *fake.Clientset
	file   string // the user's kubeconfig
	out    bytes.Buffer

	// The federation API.
	authority *certs.Pair
	server    *httptest.Server
	ready     atomic.Bool

	// The release, as the fake Helm knows it.
	info      *release.Info
	requests  []release.Request
	uninstall []release.UninstallOptions
	cameUp    int

	// What goes wrong.
	applyErr     error
	uninstallErr error
	unready      bool // pods do not come up
	unpublished  bool // the publish hook leaves nothing
	address      string
}

func newWorld(t *testing.T, objects ...runtime.Object) *world {
	t.Helper()
	w := &world{t: t, file: filepath.Join(t.TempDir(), "config")}
	w.ready.Store(true)
	w.authority = certs.CA(t, "federation-ca")
	serving := w.authority.Server(t, fellowship.ServerName())
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" || !w.ready.Load() {
			rw.WriteHeader(http.StatusInternalServerError)
		}
	}))
	w.server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{serving.Cert.Raw}, PrivateKey: serving.Key}}}
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	w.address = w.server.URL
	objects = append(objects, &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
	})
	w.client = fake.NewClientset(objects...)
	w.serve()
	w.client.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: "v1.36.3"}
	w.client.PrependReactor("create", "selfsubjectaccessreviews", func(a k8stesting.Action) (bool, runtime.Object, error) {
		review := a.(k8stesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		review.Status.Allowed = true
		return true, review, nil
	})
	w.client.PrependReactor("create", "selfsubjectreviews", func(k8stesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{
			UserInfo: authenticationv1.UserInfo{Username: "elrond"},
		}}, nil
	})
	return w
}

func (w *world) host() Host {
	return Host{Client: w.client, Objects: w.metadata(), Context: "rivendell", Server: "https://host"}
}

func (w *world) init() InitOptions {
	return InitOptions{
		Chart: &chart.Chart{Metadata: &chart.Metadata{Name: "federation"}, Values: map[string]any{
			"controlPlane": map[string]any{"apiServer": map[string]any{"service": map[string]any{"type": "LoadBalancer"}}},
		}},
		Options:    fedchart.Options{Name: fellowship.Name, Namespace: fellowship.Namespace},
		Host:       w.host(),
		Releases:   w,
		Kubeconfig: Kubeconfig{Files: []string{w.file}},
		Identity:   "the test",
		Timeout:    20 * time.Second,
		Progress:   progress.New(progress.Options{Out: &w.out}),
	}
}

func (w *world) delete() DeleteOptions {
	return DeleteOptions{
		Ref: fellowship, Host: w.host(), Releases: w, Kubeconfig: Kubeconfig{Files: []string{w.file}},
		Identity: "the test", Timeout: 20 * time.Second, Progress: progress.New(progress.Options{Out: &w.out}),
		Confirm: func(Plan) (bool, error) { return true, nil },
	}
}

// Get, Apply and Uninstall are Helm.
func (w *world) Get(context.Context, string) (release.Info, error) {
	if w.info == nil {
		return release.Info{}, release.ErrNotFound
	}
	return *w.info, nil
}

func (w *world) Apply(_ context.Context, r release.Request) (release.Outcome, error) {
	w.requests = append(w.requests, r)
	if w.applyErr != nil {
		w.info = &release.Info{Name: r.Name, ChartName: "federation", Status: "failed"}
		return "", w.applyErr
	}
	outcome := release.Installed
	if w.info != nil && w.info.Deployed {
		outcome = release.Unchanged
	}
	if outcome == release.Unchanged && !r.Force {
		return outcome, nil
	}
	w.info = &release.Info{Name: r.Name, ChartName: "federation", Status: "deployed", Deployed: true}
	w.put(w.deployment())
	w.put(&corev1.Service{ObjectMeta: labelled("fellowship-apiserver", "Helm")})
	if !w.unpublished {
		w.put(&corev1.Secret{ObjectMeta: labelled("fellowship-kubeconfig", federation.ManagedByHook), Data: map[string][]byte{"kubeconfig": w.kubeconfig()}})
	}
	return outcome, nil
}

func (w *world) CameUp(context.Context, string) error {
	w.cameUp++
	return nil
}

func (w *world) Uninstall(ctx context.Context, _ string, o release.UninstallOptions) error {
	w.uninstall = append(w.uninstall, o)
	if w.uninstallErr != nil && !o.NoHooks {
		return w.uninstallErr
	}
	w.info = nil
	_ = w.client.AppsV1().Deployments(fellowship.Namespace).Delete(ctx, "fellowship-apiserver", metav1.DeleteOptions{})
	_ = w.client.CoreV1().Services(fellowship.Namespace).Delete(ctx, "fellowship-apiserver", metav1.DeleteOptions{})
	return nil
}

func (w *world) put(o runtime.Object) {
	if err := w.client.Tracker().Add(o); err != nil && !apierrors.IsAlreadyExists(err) {
		w.t.Error(err)
	}
}

func (w *world) deployment() *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: labelled("fellowship-apiserver", "Helm"), Status: appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1}}
	d.Labels[federation.LabelComponent] = "apiserver"
	if w.unready {
		d.Status.ReadyReplicas = 0
	}
	return d
}

func (w *world) kubeconfig() []byte {
	data, err := kubeconfig.Encode(kubeconfig.New(kubeconfig.Entry{Name: fellowship.Name, Server: w.address, CA: w.authority.CertPEM(), TLSServerName: fellowship.ServerName(), Token: "t"}))
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// entry is the federation's cluster in the user's kubeconfig; "" when there is none.
func (w *world) entry() string {
	data, err := os.ReadFile(w.file)
	if os.IsNotExist(err) {
		return ""
	}
	if err != nil {
		w.t.Fatal(err)
	}
	config, err := kubeconfig.Decode(data)
	if err != nil {
		w.t.Fatal(err)
	}
	if cluster := config.Clusters[fellowship.Name]; cluster != nil {
		return cluster.Server
	}
	return ""
}

// objects lists what is in the federation's namespace and the namespace itself, sorted.
func (w *world) objects() []string {
	ctx, all := context.Background(), metav1.ListOptions{}
	var found []string
	namespaces, _ := w.client.CoreV1().Namespaces().List(ctx, all)
	for i := range namespaces.Items {
		found = append(found, "namespace/"+namespaces.Items[i].Name)
	}
	secrets, _ := w.client.CoreV1().Secrets(fellowship.Namespace).List(ctx, all)
	for i := range secrets.Items {
		found = append(found, "secret/"+secrets.Items[i].Name)
	}
	claims, _ := w.client.CoreV1().PersistentVolumeClaims(fellowship.Namespace).List(ctx, all)
	for i := range claims.Items {
		found = append(found, "claim/"+claims.Items[i].Name)
	}
	leases, _ := w.client.CoordinationV1().Leases(fellowship.Namespace).List(ctx, all)
	for i := range leases.Items {
		found = append(found, "lease/"+leases.Items[i].Name)
	}
	deployments, _ := w.client.AppsV1().Deployments(fellowship.Namespace).List(ctx, all)
	for i := range deployments.Items {
		found = append(found, "deployment/"+deployments.Items[i].Name)
	}
	slices.Sort(found)
	return found
}

func labelled(name, managedBy string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: fellowship.Namespace, Labels: map[string]string{
		federation.LabelName: federation.AppName, federation.LabelInstance: fellowship.Name,
		federation.LabelPartOf: federation.PartOf, federation.LabelManagedBy: managedBy,
	}}
}
