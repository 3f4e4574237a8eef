//go:build integration

package bind_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/testutil/bind"
)

// TestIntegrationKilled has what was updated there again after the server was killed, and another key's secret changes nothing of it.
func TestIntegrationKilled(t *testing.T) {
	server := bind.Start(t, bind.Options{
		Zone: "example.org.", Records: "mail A 192.0.2.7\n",
		Key: bind.Key{Name: "fedhelm.", Secret: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="},
	})
	server.Update(t, func(m *mdns.Msg) {
		rr, err := mdns.NewRR(`web.example.org. 60 IN TXT "made by update"`)
		if err != nil {
			t.Fatal(err)
		}
		m.Insert([]mdns.RR{rr})
	})
	want := []string{
		"example.org. 300 IN NS ns.example.org.",
		"mail.example.org. 300 IN A 192.0.2.7",
		"ns.example.org. 300 IN A 192.0.2.53",
		`web.example.org. 60 IN TXT "made by update"`,
	}
	check := func(when string) {
		t.Helper()
		if diff := cmp.Diff(want, server.Transfer(t)); diff != "" {
			t.Errorf("%s, the zone is not as wanted (-want +got):\n%s", when, diff)
		}
	}
	check("after an update")
	server.Stop()
	if _, err := mdns.Exchange(new(mdns.Msg).SetQuestion("example.org.", mdns.TypeSOA), server.Address); err == nil {
		t.Error("it answers after it was killed")
	}
	server.Start()
	check("after it was killed")
	server.ChangeSecret("b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3Ro")
	check("with another secret")
}
