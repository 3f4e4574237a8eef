package join

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// realm is the federation API, and its controller manager.
type realm struct {
	mu        sync.Mutex
	all       map[string]*fedv1beta1.Cluster
	host      *fake.Clientset
	namespace string
	applyErr  error
	says      *metav1.Condition // of Ready; nil: the member is reached
	idle      bool              // the controller manager does nothing
}

func (r *realm) Get(_ context.Context, name string) (*fedv1beta1.Cluster, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.all[name]; c != nil {
		return c.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(clustersResource, name)
}

func (r *realm) List(context.Context) (*fedv1beta1.ClusterList, error) {
	list := &fedv1beta1.ClusterList{}
	for _, name := range slices.Sorted(maps.Keys(r.all)) {
		list.Items = append(list.Items, *r.all[name])
	}
	return list, nil
}

func (r *realm) Apply(ctx context.Context, wanted *fedv1beta1.Cluster) (*fedv1beta1.Cluster, error) {
	if r.applyErr != nil {
		return nil, r.applyErr
	}
	c := wanted.DeepCopy()
	c.Generation = 1
	if old := r.all[wanted.Name]; old != nil {
		c.Status, c.Generation = old.Status, old.Generation
		if !equality.Semantic.DeepEqual(old.Spec, c.Spec) {
			c.Generation++
		}
	}
	c.ManagedFields = []metav1.ManagedFieldsEntry{{
		Manager: fieldManager, Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(string(ownedLabels(c))),
	}}
	if !r.idle {
		if err := r.probe(ctx, c); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[c.Name] = c
	return c.DeepCopy(), nil
}

// ownedLabels is how an API server writes down whose the labels are.
func ownedLabels(c *fedv1beta1.Cluster) []byte {
	var keys []string
	for key := range c.Labels {
		keys = append(keys, fmt.Sprintf("%q:{}", "f:"+key))
	}
	return fmt.Appendf(nil, `{"f:metadata":{"f:labels":{%s}}}`, strings.Join(keys, ","))
}

// probe is what the controller manager does about a Cluster.
func (r *realm) probe(ctx context.Context, c *fedv1beta1.Cluster) error {
	ready := metav1.Condition{Type: fedv1beta1.ClusterReady, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonClusterReady}
	if r.says != nil {
		ready = *r.says
	}
	ready.ObservedGeneration = c.Generation
	secret, err := r.host.CoreV1().Secrets(r.namespace).Get(ctx, c.Spec.SecretRef.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	c.Status = fedv1beta1.ClusterStatus{
		Conditions: []metav1.Condition{ready}, UID: c.Status.UID,
		Credential: &fedv1beta1.CredentialStatus{SecretVersion: secret.ResourceVersion},
	}
	if r.says == nil {
		c.Status.UID = gondorUID
	}
	return nil
}

func (r *realm) Annotate(context.Context, string, string, string) (*fedv1beta1.Cluster, error) {
	return nil, errors.New("join annotates no Cluster")
}

func (r *realm) Delete(_ context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[name] == nil {
		return apierrors.NewNotFound(clustersResource, name)
	}
	delete(r.all, name)
	return nil
}

func (r *realm) Watch(ctx context.Context, name string) (watch.Interface, error) {
	c, err := r.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	w := watch.NewFakeWithChanSize(1, false)
	w.Add(c)
	return w, nil
}

// tiller is Helm, with one chart that makes one ServiceAccount.
type tiller struct {
	*meeting
	info     *release.Info
	values   map[string]any
	applyErr error
	first    func() // is called before applyErr is returned: somebody else's work
}

func (h *tiller) Get(_ context.Context, name string) (release.Info, error) {
	if h.info == nil || h.info.Name != name {
		return release.Info{}, release.ErrNotFound
	}
	return *h.info, nil
}

func (h *tiller) Values(context.Context, string) (map[string]any, error) {
	if h.info == nil {
		return nil, release.ErrNotFound
	}
	return h.values, nil
}

func (h *tiller) Apply(ctx context.Context, r release.Request) (release.Outcome, error) {
	if h.applyErr != nil {
		if h.first != nil {
			h.first()
		} else {
			h.info, h.values = &release.Info{Name: r.Name, Status: "failed"}, r.Values
		}
		return "", h.applyErr
	}
	outcome := release.Installed
	if h.info != nil {
		outcome = release.Unchanged
		if r.Force || fmt.Sprint(r.Values) != fmt.Sprint(h.values) || h.info.Status == "failed" {
			outcome = release.Upgraded
		}
	}
	h.info, h.values = &release.Info{Name: r.Name, Status: "deployed", Deployed: true}, r.Values
	_, err := h.member.CoreV1().ServiceAccounts(h.ref.Namespace).Create(ctx, h.account(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return "", err
	}
	return outcome, nil
}

func (h *tiller) Uninstall(ctx context.Context, _ string, _ release.UninstallOptions) error {
	h.info, h.values = nil, nil
	return ignoreNotFound(h.member.CoreV1().ServiceAccounts(h.ref.Namespace).Delete(ctx, h.ref.MemberRelease(), metav1.DeleteOptions{}))
}

// account is what the federation uses in the member.
func (m *meeting) account() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Name: m.ref.MemberRelease(), Namespace: m.ref.Namespace,
		Annotations: map[string]string{fedv1beta1.AnnotationFederationUID: fedUID, fedv1beta1.AnnotationCluster: "gondor"},
	}}
}
