package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

func TestDNS(t *testing.T) {
	coreDNS := memberdns.Server{Kind: memberdns.CoreDNS, ConfigMap: "coredns", Key: "Corefile"}
	const again = rejoin + " --cluster-context=minas-tirith --cluster-dns=auto"
	tests := []struct {
		name  string
		found memberdns.Report
		err   error
		want  expected
	}{
		{name: "it is told and answers", found: memberdns.Report{Server: coreDNS, State: memberdns.InPlace}, want: expected{level: OK, text: `ConfigMap "kube-system/coredns" answers`}},
		{name: "it has lost what join wrote", found: memberdns.Report{Server: coreDNS, State: memberdns.Missing, Why: "no block"}, want: expected{level: Failure, text: "has lost the federation, for which it runs a resolver: no block", mend: again}},
		{name: "kube-dns was never told, or was not to be", found: memberdns.Report{Server: memberdns.Server{Kind: memberdns.KubeDNS}, State: memberdns.Missing, Why: "no block"}, want: expected{level: Warning, text: "do not find the federation's names: no block", mend: again + "  # unless"}},
		{name: "somebody changed what it was told", found: memberdns.Report{Server: coreDNS, State: memberdns.Differs, Why: "not what\njoin writes"}, want: expected{level: Failure, text: "not what; join writes", mend: again}},
		{name: "it was told, and does not answer", found: memberdns.Report{Server: coreDNS, State: memberdns.InPlace, Err: errors.New("SERVFAIL")}, want: expected{level: Failure, text: "does not answer for it: SERVFAIL", mend: "get pods --selector=k8s-app=kube-dns"}},
		{name: "another DNS server", found: memberdns.Report{Server: memberdns.Server{Kind: memberdns.None, Reason: "it is somebody else's"}}, want: expected{level: Skipped, text: "somebody else's"}},
		{name: "one that is set up by hand", err: fmt.Errorf("%w: it is OpenShift's", memberdns.ErrByHand), want: expected{level: Warning, text: "OpenShift's", mend: "by hand"}},
		{name: "the member does not answer", err: errNobody, want: expected{level: Failure, text: "nobody answers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.check(t, gondor(cluster("v1.36.3", nil)).judgeDNS(tt.found, tt.err))
		})
	}
}

func TestDNSIsLookedAtOnlyWhereThereIsSomethingToSee(t *testing.T) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kube-dns", Namespace: metav1.NamespaceSystem}} // selects no pods
	seen := func() *member {
		m := gondor(cluster("v1.36.3", nil, service))
		m.zone, m.way.Ask = "example.com", memberdns.PortForward(m.way.Client, nil)
		return m
	}
	tests := []struct {
		name   string
		change func(*member)
		want   string
	}{
		{name: "a federation without a zone", change: func(m *member) { m.zone = "" }, want: "has no DNS zone"},
		{name: "a federation that nobody knows", change: func(m *member) { m.uid = "" }, want: "not asked who it is"},
		{name: "no way to ask", change: func(m *member) { m.way.Ask = nil }, want: "no way to ask"},
		{name: "a DNS server that is elsewhere", change: func(*member) {}, want: "its DNS is elsewhere"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := seen()
			tt.change(m)
			expected{level: Skipped, text: tt.want}.check(t, m.dns(t.Context()))
		})
	}
}

// corefile is that of a member whose DNS is CoreDNS.
const corefile = `.:53 {
    kubernetes cluster.local
    reload
}
`

func TestDNSOfAMemberWithCoreDNS(t *testing.T) {
	block := clusterdns.Block{Owner: clusterdns.Owner{Namespace: ns, Federation: "fellowship"}, ClusterDomain: "cluster.local", Port: "53", Upstream: "10.0.0.53"}
	told, err := clusterdns.AddBlock(corefile, block)
	if err != nil {
		t.Fatal(err)
	}
	resolver := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-resolver", Namespace: ns}, Spec: corev1.ServiceSpec{ClusterIP: "10.0.0.53"}}
	tests := []struct {
		name     string
		corefile string
		resolver bool
		mayAsk   bool
		want     expected
	}{
		{name: "it was left alone on purpose", corefile: corefile, mayAsk: true, want: expected{level: Skipped, text: "left alone (--cluster-dns=none)", mend: "--cluster-dns=auto  # if they are to"}},
		{name: "somebody took the block out", corefile: corefile, resolver: true, mayAsk: true, want: expected{level: Failure, text: "has no block", mend: "--cluster-dns=auto"}},
		{name: "it does not answer", corefile: told, resolver: true, mayAsk: true, want: expected{level: Failure, text: "nobody answers", mend: "get pods"}},
		{name: "the user may not ask it", corefile: told, resolver: true, want: expected{level: Skipped, text: `context "minas-tirith" may not ask`}},
		{name: "the user may not ask it, but sees that it was told something else", corefile: strings.Replace(told, "cache 30", "cache 31", 1), resolver: true, want: expected{level: Failure, text: "is not what fedhelm join writes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects := dnsPods(tt.corefile)
			if tt.resolver {
				objects = append(objects, resolver)
			}
			client := cluster("v1.36.3", nil, objects...)
			client.PrependReactor("create", "selfsubjectaccessreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, &authorizationv1.SelfSubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: tt.mayAsk}}, nil
			})
			m := gondor(client)
			m.zone = "example.com"
			m.way.Ask = func(context.Context, types.NamespacedName, int, ...*dns.Msg) ([]*dns.Msg, error) {
				return nil, errNobody
			}
			tt.want.check(t, m.dns(t.Context()))
		})
	}
}

// dnsPods are what a cluster with CoreDNS and this Corefile has of it.
func dnsPods(corefile string) []runtime.Object {
	labels := map[string]string{"k8s-app": "kube-dns"}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem, Labels: labels}
	}
	return []runtime.Object{
		&corev1.Service{ObjectMeta: meta("kube-dns"), Spec: corev1.ServiceSpec{Selector: labels}},
		&corev1.ConfigMap{ObjectMeta: meta("coredns"), Data: map[string]string{"Corefile": corefile}},
		&corev1.Pod{
			ObjectMeta: meta("coredns-1"),
			Spec: corev1.PodSpec{
				Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "coredns"}}}}},
				Containers: []corev1.Container{{
					Name: "coredns", Image: "registry.example/coredns:v1", Args: []string{"-conf", "/etc/coredns/Corefile"},
					VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/coredns"}},
				}},
			},
			Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		},
	}
}
