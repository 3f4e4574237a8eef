package check

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
		{name: "it was never told", found: memberdns.Report{Server: coreDNS, State: memberdns.Missing, Why: "no block"}, want: expected{level: Warning, text: "do not find the federation's names: no block", mend: again + "  # unless"}},
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
