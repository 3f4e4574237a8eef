package servicedns

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dnsstate"
)

func TestBalanced(t *testing.T) {
	for _, tt := range []struct {
		name, status string
		addresses    []netip.Addr
		hostnames    []string
	}{
		{name: "nothing is said", status: `{}`},
		{name: "what is no status", status: `{"loadBalancer":7}`},
		{
			name: "addresses and hostnames, each once", status: `{"loadBalancer":{"ingress":[{"hostname":"b"},{"ip":"192.0.2.2"},{"hostname":"a"},{"ip":"192.0.2.1","hostname":"c"},{"hostname":"b"},{"ip":"none"}]}}`,
			addresses: at("192.0.2.1", "192.0.2.2"), hostnames: []string{"a", "b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, hostnames := balanced(json.RawMessage(tt.status))
			if diff := cmp.Diff(tt.addresses, found, byValue); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.hostnames, hostnames); diff != "" {
				t.Errorf("hostnames (-want +got):\n%s", diff)
			}
		})
	}
}

// A member may say anything of its load balancers: the annotation must hold it all the same, and nobody is to be kept busy with it.
func TestMemberWithMoreAddressesThanItCanHave(t *testing.T) {
	var entries []string
	for i := range 30000 {
		entries = append(entries, fmt.Sprintf(`{"ip":"10.1.%d.%d"},{"hostname":"h%05d.example"}`, i/250, i%250, i))
	}
	addresses, hostnames := balanced(json.RawMessage(`{"loadBalancer":{"ingress":[` + strings.Join(entries, ",") + `]}}`))
	if len(hostnames) != 8 {
		t.Errorf("%d hostnames are to be resolved, want 8", len(hostnames))
	}
	is := decide(nil, []view{{member: "gondor", placed: yes, ready: yes, addresses: addresses, hostnames: hostnames}}, nobody, false)
	if want := 32; len(is["gondor"].Addresses) != want || !is["gondor"].Backs() {
		t.Errorf("%d addresses, want %d", len(is["gondor"].Addresses), want)
	}
	if _, err := dnsstate.Of(map[string]string{"federation.fedhelm.io/dns": is.Encode()}); err != nil || len(is.Encode()) > 1024 {
		t.Errorf("an annotation of %d octets: %v", len(is.Encode()), err)
	}
}
