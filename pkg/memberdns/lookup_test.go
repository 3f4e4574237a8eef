package memberdns

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"
	"k8s.io/apimachinery/pkg/types"
)

const web = "web.shop.fellowship.svc.cluster.local"

// records answers each type of query with those of its lines that are of that type, or CNAMEs.
func records(t *testing.T, lines ...string) Ask {
	t.Helper()
	var all []dns.RR
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rr)
	}
	return func(_ context.Context, _ types.NamespacedName, port int, queries ...*dns.Msg) ([]*dns.Msg, error) {
		var replies []*dns.Msg
		for _, q := range queries {
			reply := new(dns.Msg).SetReply(q)
			if q.Question[0].Name != web+"." || port != 53 {
				reply.Rcode = dns.RcodeRefused
			}
			for _, rr := range all {
				if kind := rr.Header().Rrtype; kind == dns.TypeCNAME || kind == q.Question[0].Qtype {
					reply.Answer = append(reply.Answer, rr)
				}
			}
			replies = append(replies, reply)
		}
		return replies, nil
	}
}

func TestLookup(t *testing.T) {
	fails := func(context.Context, types.NamespacedName, int, ...*dns.Msg) ([]*dns.Msg, error) {
		return nil, errors.New("connection refused")
	}
	unknown := func(_ context.Context, _ types.NamespacedName, _ int, queries ...*dns.Msg) ([]*dns.Msg, error) {
		var replies []*dns.Msg
		for _, q := range queries {
			replies = append(replies, new(dns.Msg).SetRcode(q, dns.RcodeNameError))
		}
		return replies, nil
	}
	tests := []struct {
		name string
		ask  Ask
		want Answer
		err  string
	}{
		{
			name: "addresses of both families, sorted, by way of names",
			ask: records(t, web+". 30 IN CNAME web.shop.fellowship.svc.west.example.com.", "web.shop.fellowship.svc.west.example.com. 17 IN A 203.0.113.9",
				"web.shop.fellowship.svc.west.example.com. 20 IN A 203.0.113.7", "web.shop.fellowship.svc.west.example.com. 60 IN AAAA 2001:db8::7"),
			want: Answer{
				Code: "NOERROR", TTL: 17, Names: []string{"web.shop.fellowship.svc.west.example.com."},
				Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("2001:db8::7")},
			},
		},
		{
			name: "a record that is not to be kept has no other's time",
			ask:  records(t, web+". 0 IN A 10.0.0.7", web+". 5 IN AAAA fd00::7"),
			want: Answer{Code: "NOERROR", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("fd00::7")}},
		},
		{name: "a name that there is not", ask: unknown, want: Answer{Code: "NXDOMAIN"}},
		{name: "a pod that does not answer", ask: fails, err: "connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Client: kubeadm(), Ask: tt.ask}
			s, err := Detect(t.Context(), o.Client, Auto)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Lookup(t.Context(), o, s, web)
			if err != nil || len(got) != 1 || got[0].Pod != "kube-system/coredns-1" {
				t.Fatalf("Lookup = %+v, %v; want the answer of the one pod", got, err)
			}
			if tt.err != "" {
				wantError(t, got[0].Err, nil, tt.err)
				return
			}
			tt.want.Pod = got[0].Pod
			if diff := cmp.Diff(tt.want, got[0], cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("Lookup (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookupWhereNobodyCanBeAsked(t *testing.T) {
	pod := coreDNSPod("coredns-1")
	pod.Status.Conditions = nil
	for name, tt := range map[string]struct {
		cluster *cluster
		want    string
	}{
		"no pod is ready":         {newCluster(dnsService(), pod, configMap("coredns", "Corefile", corefile)), "is ready"},
		"a DNS that is elsewhere": {newCluster(), `there is no Service "kube-system/kube-dns"`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Detect(t.Context(), tt.cluster, Auto)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Lookup(t.Context(), Options{Client: tt.cluster}, s, web); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Lookup: %v, want %q", err, tt.want)
			}
		})
	}
}
