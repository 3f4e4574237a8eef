package memberdns

import (
	"context"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"k8s.io/apimachinery/pkg/types"
)

// countdown lets a DNS answer once, and fail ever after.
func countdown(asked *int, ask Ask) Ask {
	return func(ctx context.Context, pod types.NamespacedName, port int, queries ...*dns.Msg) ([]*dns.Msg, error) {
		answers, err := ask(ctx, pod, port, queries...)
		if *asked++; *asked > 1 && err == nil {
			answers[0].Rcode = dns.RcodeServerFailure
		}
		return answers, err
	}
}

func TestCheck(t *testing.T) {
	changed := strings.ReplaceAll(written, "10.0.0.53", "10.0.0.9")
	tests := []struct {
		name    string
		cluster *cluster
		deaf    bool
		state   State
		why     string
		err     string
	}{
		{name: "no block", cluster: kubeadm(), state: Missing, why: `key "Corefile" of ConfigMap "kube-system/coredns" has no block of federation "fellowship"`},
		{name: "the block, and answers", cluster: corefiled(written), state: InPlace},
		{name: "the block, and no answers", cluster: corefiled(written), deaf: true, state: InPlace, err: `pod "kube-system/coredns-1": the answer for _fedhelm`},
		{name: "another block", cluster: corefiled(changed), state: Differs, why: "is not what fedhelm join writes", err: "NXDOMAIN"},
		{name: "a damaged block", cluster: corefiled(corefile + "# END fedhelm federation-system/fellowship"), state: Differs, why: "nothing begins it", err: "NXDOMAIN"},
		{name: "a block, and no resolver", cluster: newCluster(dnsService(), coreDNSPod("coredns-1"), configMap("coredns", "Corefile", written)), state: Differs,
			why: `there is no Service "federation-system/fellowship-resolver"`},
		{name: "no DNS that we know", cluster: newCluster()},
		{name: "kube-dns without an entry", cluster: withKubeDNS(configMap("kube-dns", "federations", "a=b")), state: Missing, why: `has no entry of federation "fellowship"`},
		{name: "kube-dns without a ConfigMap", cluster: withKubeDNS(), state: Missing, why: `has no entry of federation "fellowship"`},
		{name: "kube-dns with the entry", cluster: withKubeDNS(configMap("kube-dns", "federations", "a=b, fellowship=example.com")), state: InPlace},
		{name: "kube-dns with another zone", cluster: withKubeDNS(configMap("kube-dns", "federations", "fellowship=a.b")), state: Differs,
			why: `gives federation "fellowship" the zone "a.b", and it has "example.com."`},
		{name: "kube-dns that ignores it all", cluster: withKubeDNS(configMap("kube-dns", "federations", "fellowship=example.com,a")), state: Differs, why: `kube-dns ignores`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cluster.deaf = tt.deaf
			got, err := Check(t.Context(), tt.cluster.options())
			if err != nil {
				t.Fatal(err)
			}
			if got.State != tt.state || !strings.Contains(got.Why, tt.why) || (got.Why == "") != (tt.why == "") {
				t.Errorf("%q: %s", got.State, got.Why)
			}
			if (got.Err == nil) != (tt.err == "") || got.Err != nil && !strings.Contains(got.Err.Error(), tt.err) {
				t.Errorf("the answers: %v", got.Err)
			}
		})
	}
}

func corefiled(text string) *cluster {
	return newCluster(dnsService(), coreDNSPod("coredns-1"), configMap("coredns", "Corefile", text), resolverService(), resolverPod())
}
