package check

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

const (
	ns            = "middle-earth"
	federationUID = types.UID("uid-of-the-federation")
	memberUID     = types.UID("uid-of-gondor")
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// expected is an Outcome by parts of its texts; of a good one there is nothing to mend.
type expected struct {
	level      Level
	text, mend string
}

func (e expected) check(t *testing.T, got Outcome) {
	t.Helper()
	if got.Level != e.level || !strings.Contains(got.Text, e.text) || !strings.Contains(got.Mend, e.mend) {
		t.Errorf("got %s\n  text: %s\n  mend: %s\nwant %s\n  text: …%s…\n  mend: …%s…", got.Level, got.Text, got.Mend, e.level, e.text, e.mend)
	}
	if e.level == OK && got.Mend != "" {
		t.Errorf("all is well, and yet something is to be mended: %s", got.Mend)
	}
}

// cluster is an API server that runs version, allows what may says, and has objects.
func cluster(gitVersion string, may func(authorizationv1.SubjectAccessReviewSpec) bool, objects ...runtime.Object) *fake.Clientset {
	client := fake.NewClientset(objects...)
	client.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: gitVersion}
	client.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "aragorn"}}}, nil
	})
	client.PrependReactor("create", "subjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview).DeepCopy()
		review.Status.Allowed = may == nil || may(review.Spec)
		return true, review, nil
	})
	return client
}

// refuse makes every request for a verb and a resource end with err.
func refuse(client *fake.Clientset, verb, resource string, err error) *fake.Clientset {
	client.PrependReactor(verb, resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
	return client
}

// saying answers every probe alike.
type saying struct {
	Answer
	err error
}

func (s saying) Get(context.Context, string) (Answer, error) { return s.Answer, s.err }

var healthy = saying{Answer: Answer{Status: http.StatusOK, Body: "ok"}}

// registered are Clusters, or why they cannot be listed.
type registered struct {
	clusters []fedv1beta1.Cluster
	err      error
}

func (r registered) List(context.Context) (*fedv1beta1.ClusterList, error) {
	return &fedv1beta1.ClusterList{Items: r.clusters}, r.err
}

var errNobody = errors.New("nobody answers")

// fellowship is a federation whose host cluster has objects.
func fellowship(objects ...runtime.Object) *Target {
	return &Target{
		Ref:      federation.Ref{Name: "fellowship", Namespace: ns},
		Host:     Server{Client: cluster("v1.36.3", nil, objects...), Prober: healthy, Context: "rivendell", URL: "https://rivendell.example"},
		API:      Server{Client: cluster("v1.36.3", nil, kubeSystem(federationUID)), Prober: healthy, URL: "https://fellowship.example"},
		Clusters: registered{},
		Way:      func(string) (*Member, error) { return nil, errNobody },
	}
}

func kubeSystem(uid types.UID) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: uid}}
}

// of labels an object as one of the federation's.
func of(component, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: ns, Labels: map[string]string{
		federation.LabelName: federation.AppName, federation.LabelInstance: "fellowship",
		federation.LabelPartOf: federation.PartOf, federation.LabelComponent: component,
	}}
}

// gondor is a member that joined, in a federation whose host cluster has objects, and which is reached as way.
func gondor(way *fake.Clientset, objects ...runtime.Object) *member {
	m := &member{
		Target: fellowship(objects...), Member: roster.Member{Name: "gondor", Cluster: gondorCluster()},
		asked: true, uid: federationUID, api: "v1.36.3", noWay: errNobody,
	}
	if way != nil {
		m.way = &Member{Server: Server{Client: way, Prober: healthy, Context: "minas-tirith", URL: "https://gondor.example"}}
	}
	return m
}

func gondorCluster(conditions ...metav1.Condition) *fedv1beta1.Cluster {
	return &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: "gondor"},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: "https://gondor.example"}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: "fellowship.gondor"},
		},
		Status: fedv1beta1.ClusterStatus{
			UID: memberUID, Zones: []string{"west-a"}, Region: "west", Conditions: conditions,
			Credential: &fedv1beta1.CredentialStatus{SecretVersion: "7"},
		},
	}
}

func condition(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(noon)}
}

func clientOf(t *Target) *fake.Clientset { return t.Host.Client.(*fake.Clientset) }
