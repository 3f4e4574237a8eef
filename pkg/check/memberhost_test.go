package check

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/roster"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// token is one that was issued and expires then, as far as its claims tell.
func token(issued, expires time.Time) string {
	claims := fmt.Sprintf(`{"sub":"system:serviceaccount:middle-earth:fellowship-member","iat":%d,"exp":%d}`, issued.Unix(), expires.Unix())
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// memberSecret holds a credential for gondor.
func memberSecret(t *testing.T, bearer string) *corev1.Secret {
	t.Helper()
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: "fellowship.gondor", Namespace: ns, ResourceVersion: "7",
			Labels: map[string]string{fedv1beta1.LabelFederation: "fellowship", fedv1beta1.LabelCluster: "gondor"},
		},
		Data: map[string][]byte{"token": []byte(bearer), "ca.crt": certs.CA(t, "gondor").CertPEM()},
	}
}

const rejoin = "fedhelm join gondor --federation=fellowship --host-cluster-context=rivendell --federation-system-namespace=middle-earth"

func TestRegistered(t *testing.T) {
	ready := condition(fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady, "")
	leaving := gondorCluster(ready)
	leaving.Annotations = map[string]string{fedv1beta1.AnnotationLeaving: fedv1beta1.LeavingKeep}
	tests := []struct {
		name    string
		cluster *fedv1beta1.Cluster
		asked   bool
		want    expected
	}{
		{name: "it is", cluster: gondorCluster(ready), asked: true, want: expected{level: OK, text: "has Cluster gondor, at https://gondor.example"}},
		{name: "only the host cluster knows it", asked: true, want: expected{level: Failure, text: `half joined: the host cluster has Secret "fellowship.gondor"`, mend: rejoin + "  # goes on with it; to take it back: fedhelm unjoin gondor"}},
		{name: "the federation API was not asked", want: expected{level: Skipped, text: "not asked"}},
		{name: "it is on its way out", cluster: leaving, asked: true, want: expected{level: Warning, text: "leaving", mend: "fedhelm unjoin gondor"}},
		{name: "nobody has looked at it", cluster: gondorCluster(), asked: true, want: expected{level: Warning, text: "has not looked at it", mend: "logs deployment/fellowship-controller-manager"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := gondor(nil)
			m.Cluster, m.asked, m.Secrets = tt.cluster, tt.asked, []roster.Secret{{Name: "fellowship.gondor"}}
			tt.want.check(t, m.registered(t.Context()))
		})
	}
}

func TestSecret(t *testing.T) {
	good := memberSecret(t, "t")
	change := func(f func(*corev1.Secret)) *corev1.Secret {
		s := good.DeepCopy()
		f(s)
		return s
	}
	tests := []struct {
		name   string
		secret *corev1.Secret
		other  string                    // another one that is labelled for it
		member func(*fedv1beta1.Cluster) // changes the registration
		want   expected
	}{
		{name: "it is there and labelled", secret: good, want: expected{level: OK, text: "fellowship.gondor is there"}},
		{name: "it is not there", want: expected{level: Failure, text: `Secret "fellowship.gondor", which Cluster "gondor" names, is not in namespace "middle-earth"`, mend: rejoin + " --refresh"}},
		{name: "the Cluster names none", secret: good, member: func(c *fedv1beta1.Cluster) { c.Spec.SecretRef = nil }, want: expected{level: Failure, text: "names no Secret", mend: "--refresh"}},
		{
			name:   "it is labelled for another member",
			secret: change(func(s *corev1.Secret) { s.Labels[fedv1beta1.LabelCluster] = "rohan" }),
			want: expected{level: Failure, text: "not labelled for this federation and this member",
				mend: "kubectl --context=rivendell --namespace=middle-earth label --overwrite secret fellowship.gondor federation.fedhelm.io/federation=fellowship federation.fedhelm.io/cluster=gondor"},
		},
		{name: "it has no token", secret: change(func(s *corev1.Secret) { delete(s.Data, "token") }), want: expected{level: Failure, text: `key "token" is missing`, mend: "--refresh"}},
		{name: "there is another for it", secret: good, other: "old", want: expected{level: Warning, text: `Secret "old" is labelled for it too`, mend: "delete secret old"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var objects []runtime.Object
			if tt.secret != nil {
				objects = append(objects, tt.secret)
			}
			m := gondor(nil, objects...)
			if tt.member != nil {
				tt.member(m.Cluster)
			}
			m.Secrets = []roster.Secret{{Name: "fellowship.gondor"}}
			if tt.other != "" {
				m.Secrets = append(m.Secrets, roster.Secret{Name: tt.other})
			}
			tt.want.check(t, m.secret(t.Context()))
		})
	}
}

func TestHostRights(t *testing.T) {
	may := func(verbs ...string) func(authorizationv1.SubjectAccessReviewSpec) bool {
		return func(s authorizationv1.SubjectAccessReviewSpec) bool {
			r := s.ResourceAttributes
			return s.User == "system:serviceaccount:middle-earth:fellowship-controller-manager" && r.Resource == "secrets" &&
				r.Name == "fellowship.gondor" && r.Namespace == ns && strings.Contains(strings.Join(verbs, " "), r.Verb)
		}
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "subjectaccessreviews"}, "", errors.New("no"))
	tests := []struct {
		name string
		may  func(authorizationv1.SubjectAccessReviewSpec) bool
		err  error
		want expected
	}{
		{name: "all that it takes", may: may("get", "list", "watch", "update", "patch"), want: expected{level: OK, text: "may read and renew"}},
		{name: "read, but not renew", may: may("get", "list", "watch"), want: expected{level: Failure, text: `may not update, patch Secret "fellowship.gondor"`, mend: rejoin + " --refresh"}},
		{name: "nothing", may: may(), want: expected{level: Failure, text: "get, list, watch, update, patch"}},
		{name: "the user may not ask", err: forbidden, want: expected{level: Skipped, text: `context "rivendell" may not ask`}},
		{name: "nobody answers", err: errNobody, want: expected{level: Failure, text: "nobody answers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := gondor(nil)
			client := cluster("v1.36.3", tt.may)
			if tt.err != nil {
				refuse(client, "create", "subjectaccessreviews", tt.err)
			}
			m.Host.Client = client
			tt.want.check(t, m.hostRights(t.Context()))
		})
	}
}
