package check

import (
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// categories of a report, in its order.
func categories(r Report) []string {
	var names []string
	for _, part := range r.ByCategory() {
		names = append(names, part[0].Category)
	}
	return names
}

func TestExamine(t *testing.T) {
	rohan := memberSecret(t, "secret-token")
	rohan.Name, rohan.Labels[fedv1beta1.LabelCluster] = "fellowship.rohan", "rohan"
	federated := func() *Target {
		target := fellowship(deployment(1), memberSecret(t, "secret-token"), rohan)
		target.Clusters = registered{clusters: []fedv1beta1.Cluster{*gondorCluster()}}
		return target
	}
	control := []string{CategoryHost, CategoryControlPlane, CategoryAPI, CategoryCertificates}
	tests := []struct {
		name   string
		change func(*Target)
		want   []string // categories
		err    string
	}{
		{name: "all that there is, half joined members too", want: slices.Concat(control, []string{"member gondor", "member rohan"})},
		{name: "one member", change: func(tg *Target) { tg.Only = "rohan" }, want: slices.Concat(control, []string{"member rohan"})},
		{name: "a member that nobody knows", change: func(tg *Target) { tg.Only = "mordor" }, err: `no member "mordor"; it has: gondor, rohan`},
		{
			name: "a host cluster that does not answer",
			change: func(tg *Target) {
				refuse(clientOf(tg), "create", "selfsubjectreviews", apierrors.NewUnauthorized("no"))
			},
			want: []string{CategoryHost},
		},
		{
			name:   "a federation API that does not answer: the host cluster knows its members",
			change: func(tg *Target) { tg.Unusable, tg.Clusters = errors.New("no kubeconfig"), nil },
			want:   slices.Concat(control, []string{"member gondor", "member rohan"}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target := federated()
			if tt.change != nil {
				tt.change(target)
			}
			report, err := Examine(t.Context(), target)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("ends with %v, want an error about %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := categories(report); !slices.Equal(got, tt.want) {
				t.Errorf("categories are %q, want %q", got, tt.want)
			}
			for _, r := range report {
				if strings.Contains(r.Text+r.Mend, "secret-token") {
					t.Errorf("%s/%s shows a token", r.Category, r.Name)
				}
				if (r.Level == Failure || r.Level == Warning) && r.Text == "" {
					t.Errorf("%s/%s does not say what is wrong", r.Category, r.Name)
				}
			}
		})
	}
}

func TestExamineOfAHealthyMember(t *testing.T) {
	m := gondor(cluster("v1.36.3", nil, kubeSystem(memberUID), account(ns, string(federationUID), "gondor")))
	m.way.Objects = nodes(t, node("a", map[string]string{corev1.LabelTopologyZone: "west-a", corev1.LabelTopologyRegion: "west"}))
	target := fellowship(deployment(1), memberSecret(t, token(noon, noon.AddDate(50, 0, 0))))
	healthyGondor := gondorCluster(
		condition(fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady, ""),
		condition(fedv1beta1.ClusterOffline, metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable, ""),
		condition(fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonCredentialValid, ""),
	)
	healthyGondor.Spec.ServerAddressByClientCIDRs[0].ServerAddress = "127.0.0.1:1" // nothing listens there
	target.Clusters = registered{clusters: []fedv1beta1.Cluster{*healthyGondor}}
	target.Way = func(string) (*Member, error) { return m.way, nil }
	report, err := Examine(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report {
		skippable := r.Name == "server-certificate" || strings.HasPrefix(r.Name, "dns") // nothing listens, and the federation has no zone
		if r.Category == MemberCategory("gondor") && r.Level != OK && (!skippable || r.Level != Skipped) {
			t.Errorf("%s: %s: %s", r.Name, r.Level, r.Text)
		}
	}
}
