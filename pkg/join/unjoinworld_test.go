package join

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/clusterdns"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// parting is a federation with member gondor, and another one that has no part in what happens.
type parting struct {
	ref      federation.Ref
	host     *fake.Clientset
	member   *fake.Clientset
	objects  *metadatafake.FakeMetadataClient // what the member has in it of all kinds
	clusters *registry
	helm     *helm
}

const (
	fedUID    = "uid-of-fellowship"
	gondorUID = "uid-of-gondor"

	// corefile is the user's; the odd spaces are to stay.
	corefile = ".:53 {\n  errors\n\tkubernetes cluster.local   # ours\n    reload\n}\n"
)

// block is what join adds to the Corefile.
var block = func() string {
	text, err := clusterdns.AddBlock(corefile, clusterdns.Block{
		Owner:         clusterdns.Owner{Namespace: "federation-system", Federation: "fellowship"},
		ClusterDomain: "cluster.local", Port: "53", Upstream: "10.0.0.53",
	})
	if err != nil {
		panic(err)
	}
	return strings.TrimPrefix(text, corefile)
}()

func newParting(t *testing.T, objects ...runtime.Object) *parting {
	t.Helper()
	ref := federation.Ref{Name: "fellowship", Namespace: "federation-system"}
	of := func(name, cluster string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: ref.Namespace, Labels: ref.MemberLabels(cluster)}
	}
	p := &parting{
		ref: ref,
		host: fake.NewClientset(
			&corev1.Secret{ObjectMeta: of("11kingdom", "gondor")}, &rbacv1.Role{ObjectMeta: of("11kingdom", "gondor")}, &rbacv1.RoleBinding{ObjectMeta: of("11kingdom", "gondor")},
			&corev1.Secret{ObjectMeta: of("fellowship.rohan", "rohan")}, &rbacv1.Role{ObjectMeta: of("fellowship.rohan", "rohan")}, &rbacv1.RoleBinding{ObjectMeta: of("fellowship.rohan", "rohan")},
			&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-ca", Namespace: ref.Namespace}},
		),
		member: fake.NewClientset(
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: gondorUID}},
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ref.Namespace, UID: "ns", Labels: map[string]string{federation.LabelManagedBy: federation.ManagedBy}}},
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: ref.MemberRelease(), Namespace: ref.Namespace, Annotations: map[string]string{
				fedv1beta1.AnnotationCluster: "gondor", fedv1beta1.AnnotationFederationUID: fedUID,
			}}},
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: metav1.NamespaceSystem, UID: "coredns"}, Data: map[string]string{"Corefile": corefile + block}},
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kube-dns", Namespace: metav1.NamespaceSystem, UID: "kube-dns"}, Data: map[string]string{"federations": "council=example.org,fellowship=example.com"}},
		),
		clusters: &registry{all: map[string]*fedv1beta1.Cluster{
			"gondor": {ObjectMeta: metav1.ObjectMeta{Name: "gondor", Annotations: map[string]string{fedv1beta1.AnnotationClusterUID: gondorUID}}},
			"rohan":  {ObjectMeta: metav1.ObjectMeta{Name: "rohan"}},
		}},
	}
	p.helm = &helm{info: &release.Info{Name: "fellowship-member", ChartName: "federation-member", Status: "deployed"}, uninstalled: func() error {
		return p.member.CoreV1().ServiceAccounts(ref.Namespace).Delete(t.Context(), ref.MemberRelease(), metav1.DeleteOptions{})
	}}
	p.member.Resources = []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "namespaces", Verbs: metav1.Verbs{"list"}}, served("configmaps", "ConfigMap"), served("secrets", "Secret"), served("services", "Service"), served("persistentvolumeclaims", "PersistentVolumeClaim"),
		}},
		{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{served("deployments", "Deployment"), served("replicasets", "ReplicaSet")}},
		{GroupVersion: "discovery.k8s.io/v1", APIResources: []metav1.APIResource{served("endpointslices", "EndpointSlice")}},
		{GroupVersion: "apiextensions.k8s.io/v1", APIResources: []metav1.APIResource{{Name: "customresourcedefinitions", Verbs: metav1.Verbs{"list"}}}},
		{GroupVersion: "middle.earth/v1", APIResources: []metav1.APIResource{served("rings", "Ring")}},
	}
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	p.objects = metadatafake.NewSimpleMetadataClient(scheme, objects...)
	return p
}

func served(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"list"}}
}

func (p *parting) options() UnjoinOptions {
	return UnjoinOptions{
		Name: "gondor", Workloads: KeepWorkloads, Identity: "the test", Timeout: time.Minute,
		Host:       Host{Client: p.host, Context: "rivendell"},
		Member:     Member{Client: p.member, Objects: p.objects, Context: "gondor-admin", Server: "https://192.0.2.10:6443", Releases: p.helm},
		Federation: Federation{Ref: p.ref, Zone: "example.com", Clusters: p.clusters, UID: fedUID},
	}
}

// state is what is left, sorted: what a user would list.
func (p *parting) state(t *testing.T) []string {
	t.Helper()
	var found []string
	note := func(place string, list runtime.Object, err error) {
		if err != nil {
			t.Fatal(err)
		}
		_ = meta.EachListItem(list, func(o runtime.Object) error {
			accessor, err := meta.Accessor(o)
			if err != nil {
				return err
			}
			found = append(found, fmt.Sprintf("%s %T %s", place, o, accessor.GetName()))
			return nil
		})
	}
	all, ns := metav1.ListOptions{}, p.ref.Namespace
	secrets, err := p.host.CoreV1().Secrets(ns).List(t.Context(), all)
	note("host", secrets, err)
	roles, err := p.host.RbacV1().Roles(ns).List(t.Context(), all)
	note("host", roles, err)
	bindings, err := p.host.RbacV1().RoleBindings(ns).List(t.Context(), all)
	note("host", bindings, err)
	leases, err := p.host.CoordinationV1().Leases(ns).List(t.Context(), all)
	note("host", leases, err)
	namespaces, err := p.member.CoreV1().Namespaces().List(t.Context(), all)
	note("member", namespaces, err)
	accounts, err := p.member.CoreV1().ServiceAccounts(ns).List(t.Context(), all)
	note("member", accounts, err)
	for name := range p.clusters.all {
		found = append(found, "federation Cluster "+name)
	}
	for _, name := range []string{"coredns", "kube-dns"} {
		config, err := p.member.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, fmt.Sprintf("member %s: %q", name, config.Data))
	}
	if p.helm.info != nil {
		found = append(found, "member release "+p.helm.info.Name)
	}
	slices.Sort(found)
	return found
}

// others is what belongs to nobody who leaves.
var others = []string{
	"federation Cluster rohan",
	"host *v1.Role fellowship.rohan", "host *v1.RoleBinding fellowship.rohan",
	"host *v1.Secret fellowship-ca", "host *v1.Secret fellowship.rohan",
	"member *v1.Namespace kube-system",
	`member coredns: map["Corefile":` + strconv.Quote(corefile) + `]`,
	`member kube-dns: map["federations":"council=example.org"]`,
}

// registry is the federation API, and a controller manager that lets go of a member at once.
type registry struct {
	all  map[string]*fedv1beta1.Cluster
	deaf bool // there is no controller manager

	failAnnotate, failDelete error
}

var clustersResource = schema.GroupResource{Group: fedv1beta1.GroupName, Resource: "clusters"}

func (r *registry) Get(_ context.Context, name string) (*fedv1beta1.Cluster, error) {
	if c := r.all[name]; c != nil {
		return c.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(clustersResource, name)
}

func (r *registry) List(context.Context) (*fedv1beta1.ClusterList, error) {
	list := &fedv1beta1.ClusterList{}
	for _, name := range slices.Sorted(maps.Keys(r.all)) {
		list.Items = append(list.Items, *r.all[name])
	}
	return list, nil
}

func (r *registry) Apply(context.Context, *fedv1beta1.Cluster) (*fedv1beta1.Cluster, error) {
	return nil, errors.New("unjoin applied a Cluster")
}

func (r *registry) Annotate(ctx context.Context, name, key, value string) (*fedv1beta1.Cluster, error) {
	if r.failAnnotate != nil {
		return nil, r.failAnnotate
	}
	c := r.all[name]
	if c == nil {
		return nil, apierrors.NewNotFound(clustersResource, name)
	}
	metav1.SetMetaDataAnnotation(&c.ObjectMeta, key, value)
	if key == fedv1beta1.AnnotationLeaving && !r.deaf {
		meta.SetStatusCondition(&c.Status.Conditions, metav1.Condition{
			Type: fedv1beta1.ClusterLeaving, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonMemberReleased,
		})
	}
	return r.Get(ctx, name)
}

func (r *registry) Delete(_ context.Context, name string) error {
	if r.failDelete != nil {
		return r.failDelete
	}
	if r.all[name] == nil {
		return apierrors.NewNotFound(clustersResource, name)
	}
	delete(r.all, name)
	return nil
}

func (r *registry) Watch(ctx context.Context, name string) (watch.Interface, error) {
	c, err := r.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	w := watch.NewFakeWithChanSize(1, false)
	w.Add(c)
	return w, nil
}

// helm knows one release.
type helm struct {
	info        *release.Info
	uninstalled func() error
	fail        error
}

func (h *helm) Get(_ context.Context, name string) (release.Info, error) {
	if h.info == nil || h.info.Name != name {
		return release.Info{}, release.ErrNotFound
	}
	return *h.info, nil
}

func (h *helm) Apply(context.Context, release.Request) (release.Outcome, error) {
	return "", errors.New("unjoin installed something")
}

func (h *helm) Values(context.Context, string) (map[string]any, error) {
	return nil, release.ErrNotFound
}

func (h *helm) Uninstall(context.Context, string, release.UninstallOptions) error {
	if h.fail != nil {
		return h.fail
	}
	h.info = nil
	return h.uninstalled()
}

// failing makes a fake client fail until it is mended.
func failing(client *clienttesting.Fake, verb, resource string, broken *bool) {
	client.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		return *broken, nil, errors.New("the connection was lost")
	})
}
