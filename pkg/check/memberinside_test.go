package check

import (
	"errors"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// account is the ServiceAccount of a federation in the member.
func account(namespace, uid, of string) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Name: "fellowship-member", Namespace: namespace,
		Annotations: map[string]string{fedv1beta1.AnnotationFederationUID: uid, fedv1beta1.AnnotationCluster: of},
	}}
}

func TestInsideAMember(t *testing.T) {
	ours := account(ns, string(federationUID), "gondor")
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "subjectaccessreviews"}, "", errors.New("no"))
	tests := []struct {
		name    string
		check   string
		objects []runtime.Object
		change  func(*member)
		want    expected
	}{
		{name: "a version that is supported", check: "member-version", want: expected{level: OK, text: "v1.36.3"}},
		{
			name: "a version that is too old", check: "member-version",
			change: func(m *member) { m.way.Client = cluster("v1.20.0", nil) },
			want:   expected{level: Failure, text: "v1.20.0, the oldest supported", mend: "upgrade it"},
		},
		{
			name: "a version newer than the federation API's", check: "member-version",
			change: func(m *member) { m.api = "v1.35.1" },
			want:   expected{level: Warning, text: "newer than the federation API (v1.35.1)", mend: "fedhelm upgrade"},
		},
		{name: "clocks that agree", check: "member-clock", want: expected{level: OK, text: "agree"}},
		{
			name: "a clock that is a minute ahead", check: "member-clock",
			change: func(m *member) { m.way.Prober = saying{Answer: Answer{Skew: time.Minute}} },
			want:   expected{level: Warning, text: "1m0s ahead of that of this machine; set it right (NTP)"},
		},
		{
			name: "clocks that each are right enough, but not for each other", check: "member-clock",
			change: func(m *member) {
				m.way.Prober, m.Host.Prober = saying{Answer: Answer{Skew: 4 * time.Minute}}, saying{Answer: Answer{Skew: -4 * time.Minute}}
			},
			want: expected{level: Failure, text: `8m0s ahead of that of host cluster "rivendell"; set it right (NTP)`},
		},
		{name: "our ServiceAccount", check: "service-account", objects: []runtime.Object{ours}, want: expected{level: OK}},
		{name: "no ServiceAccount", check: "service-account", want: expected{level: Failure, text: `ServiceAccount "fellowship-member" is not in namespace "middle-earth"`, mend: "--refresh"}},
		{
			name: "the ServiceAccount of a federation that is gone", check: "service-account",
			objects: []runtime.Object{account(ns, "old", "gondor")},
			want:    expected{level: Failure, text: `belongs to another federation (annotation federation.fedhelm.io/federation-uid is "old"`},
		},
		{
			name: "the ServiceAccount of another member's name", check: "service-account",
			objects: []runtime.Object{account(ns, string(federationUID), "anor")},
			want:    expected{level: Failure, text: `for member "anor"`, mend: "--refresh"},
		},
		{name: "no other federation", check: "other-federation", objects: []runtime.Object{ours}, want: expected{level: OK}},
		{
			name: "another federation of that name in another namespace", check: "other-federation",
			objects: []runtime.Object{ours, account("mordor", "eye", "gondor")},
			want:    expected{level: Failure, text: `in namespace "mordor" belongs to the federation with UID eye`, mend: "uninstall fellowship-member"},
		},
		{
			name: "nobody knows which federation this is", check: "other-federation",
			change: func(m *member) { m.uid = "" },
			want:   expected{level: Skipped},
		},
		{name: "no namespace of the federation's name", check: "shadowing", want: expected{level: OK}},
		{
			name: "a namespace of the federation's name", check: "shadowing",
			objects: []runtime.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fellowship"}}},
			want:    expected{level: Failure, text: `namespace "fellowship", named like the federation`, mend: "rename the namespace"},
		},
		{name: "all rights", check: "member-rights", want: expected{level: OK, text: "may do all"}},
		{
			name: "some rights are missing", check: "member-rights",
			change: func(m *member) {
				m.way.Client = cluster("v1.36.3", func(s authorizationv1.SubjectAccessReviewSpec) bool {
					r, p := s.ResourceAttributes, s.NonResourceAttributes
					switch {
					case s.User != "system:serviceaccount:middle-earth:fellowship-member", p != nil && p.Path == "/readyz":
						return false
					case r == nil:
						return true
					default:
						return r.Resource != "deployments" && (r.Resource != "secrets" || r.Verb != "delete") && r.Subresource != "token"
					}
				})
			},
			want: expected{
				level: Failure,
				text:  "may not delete secrets, get/list/watch/create/update/patch/delete deployments.apps, get /readyz, create serviceaccounts/token",
				mend:  "--cluster-context=minas-tirith --refresh",
			},
		},
		{
			name: "no rights", check: "member-rights",
			change: func(m *member) {
				m.way.Client = cluster("v1.36.3", func(authorizationv1.SubjectAccessReviewSpec) bool { return false })
			},
			want: expected{level: Failure, text: "get/list/watch/create/update/patch/delete namespaces, "},
		},
		{
			name: "the user may not look", check: "service-account",
			change: func(m *member) { m.way.Client = refuse(cluster("v1.36.3", nil), "get", "serviceaccounts", forbidden) },
			want:   expected{level: Skipped, text: `read ServiceAccount "fellowship-member"`},
		},
		{
			name: "the member does not answer", check: "service-account",
			change: func(m *member) { m.way.Client = refuse(cluster("v1.36.3", nil), "get", "serviceaccounts", errNobody) },
			want:   expected{level: Failure, text: "nobody answers", mend: "try again"},
		},
		{
			name: "the user may not ask", check: "member-rights",
			change: func(m *member) {
				m.way.Client = refuse(cluster("v1.36.3", nil), "create", "subjectaccessreviews", forbidden)
			},
			want: expected{level: Skipped, text: `context "minas-tirith" may not ask`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := gondor(cluster("v1.36.3", nil, tt.objects...))
			if tt.change != nil {
				tt.change(m)
			}
			tt.want.check(t, find(t, m.checks(), tt.check).Run(t.Context()))
		})
	}
}
