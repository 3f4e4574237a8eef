package check

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestHost(t *testing.T) {
	elsewhere := &appsv1.Deployment{ObjectMeta: of("apiserver", "fellowship-apiserver")}
	elsewhere.Namespace = "mordor"
	here := &appsv1.Deployment{ObjectMeta: of("apiserver", "fellowship-apiserver")}
	tests := []struct {
		name  string
		check string
		host  func(*Target)
		want  expected
	}{
		{name: "an API that answers", check: "host-api", want: expected{level: OK, text: "rivendell answers at https://rivendell.example"}},
		{
			name: "an API that does not take the user", check: "host-api",
			host: func(tg *Target) {
				tg.Host.Client = refuse(cluster("v1.36.3", nil), "create", "selfsubjectreviews", apierrors.NewUnauthorized("no"))
			},
			want: expected{level: Failure, text: "does not accept the credentials", mend: "kubectl --context=rivendell auth whoami"},
		},
		{name: "a version that is supported", check: "host-version", want: expected{level: OK, text: "Kubernetes v1.36.3"}},
		{
			name: "a version that is not", check: "host-version",
			host: func(tg *Target) { tg.Host.Client = cluster("v1.20.1", nil) },
			want: expected{level: Failure, text: "v1.20.1, the oldest supported is 1.29", mend: "upgrade it"},
		},
		{name: "a clock that is right", check: "host-clock", want: expected{level: OK, text: "agree"}},
		{
			name: "a clock that is a minute off", check: "host-clock",
			host: func(tg *Target) { tg.Host.Prober = saying{Answer: Answer{Skew: -time.Minute}} },
			want: expected{level: Warning, text: `the clock of host cluster "rivendell" is 1m0s behind that of this machine`, mend: "NTP"},
		},
		{
			name: "a clock that is ten minutes off", check: "host-clock",
			host: func(tg *Target) { tg.Host.Prober = saying{Answer: Answer{Skew: 10 * time.Minute}} },
			want: expected{level: Failure, text: "10m0s ahead of", mend: "NTP"},
		},
		{
			name: "no other federation of that name", check: "federation-name",
			host: func(tg *Target) { tg.Host.Client = cluster("v1.36.3", nil, here) },
			want: expected{level: OK},
		},
		{
			name: "another federation of that name", check: "federation-name",
			host: func(tg *Target) { tg.Host.Client = cluster("v1.36.3", nil, here, elsewhere) },
			want: expected{level: Warning, text: `in namespace "mordor"`, mend: "--federation-system-namespace"},
		},
		{
			name: "other namespaces may not be looked at", check: "federation-name",
			host: func(tg *Target) {
				tg.Host.Client = refuse(cluster("v1.36.3", nil), "list", "deployments", apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, "", errors.New("no")))
			},
			want: expected{level: Skipped, text: "not known"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := fellowship()
			if tt.host != nil {
				tt.host(target)
			}
			tt.want.check(t, find(t, target.hostChecks(), tt.check).Run(t.Context()))
		})
	}
}

// find returns the check of that name.
func find(t *testing.T, checks []Check, name string) Check {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no check %q", name)
	return Check{}
}
