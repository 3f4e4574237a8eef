//go:build integration

package coredns

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/dnstest"
	"github.com/fedhelm/fedhelm/pkg/testutil/zoneserver"
)

const (
	zoneName = "example.com."
	user     = "fedhelm"
	role     = "fedhelm"
	password = "s3cret"
)

// TestIntegrationContract is against a real etcd.
func TestIntegrationContract(t *testing.T) {
	dnstest.Run(t, func(t *testing.T) dnstest.Harness {
		t.Helper()
		server := zoneserver.Start(t, zoneName)
		var calls atomic.Int64
		client := server.Client(t)
		signIn(t, client)
		p := newProvider(t, server, func(o *Options) {
			o.Username, o.Password = user, password
			o.Observe = func(string, error) { calls.Add(1) }
		})
		zone := dns.Zone{ID: zoneName, Name: zoneName}
		return dnstest.Harness{
			FixedZones: true,
			Provider:   p,
			Zone:       zone,
			Put: func(tb testing.TB, set dns.RecordSet) {
				tb.Helper()
				remove(tb, client, p.layout, set.Name, set.Type)
				for _, data := range set.Values {
					put(tb, client, p.layout.key(set.Name)+"/"+leafName(set.Type, data, func(string) bool { return false }), encode(set, data))
				}
			},
			Remove: func(tb testing.TB, name string, typ dns.Type) {
				tb.Helper()
				remove(tb, client, p.layout, name, typ)
			},
			Calls:     func() int { return int(calls.Load()) },
			MostCalls: mostCalls,
			MostListing: func(sets int) int {
				return 1 + 6*sets/pageSize // a set of a global name has ten leaves, most have one
			},
			Deny: func(tb testing.TB) func() {
				tb.Helper()
				must(tb, func(ctx context.Context) error {
					_, err := client.UserRevokeRole(ctx, user, role)
					return err
				})
				return func() {
					must(tb, func(ctx context.Context) error {
						_, err := client.UserGrantRole(ctx, user, role)
						return err
					})
				}
			},
			Break: func(testing.TB) func() {
				server.StopEtcd()
				return server.StartEtcd
			},
			Rejected: func() dns.Unit {
				name := "any.default.fellowship.svc.example.com."
				return dns.Unit{Name: name, Changes: []dns.Change{{After: &dns.RecordSet{Name: name, Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}}}}
			},
			Atomic:      true,
			TTLCompared: true,
		}
	})
}

// mostCalls allows each change some operations of a transaction's 128.
func mostCalls(sizes []int) int {
	changes := 0
	for _, size := range sizes {
		changes += size
	}
	return 2 + changes*8/maxOps
}

func newProvider(t *testing.T, server *zoneserver.Server, change ...func(*Options)) *Provider {
	t.Helper()
	o := Options{
		Endpoints: []string{server.Etcd}, Zones: []string{zoneName},
		CAFile: server.File("ca.crt"), CertFile: server.File("client.crt"), KeyFile: server.File("client.key"),
		Timeout: 5 * time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// signIn turns on etcd's authentication: with a user who may write below /skydns/ alone. Clients with the server's own client certificate are
// root.
func signIn(t *testing.T, client *clientv3.Client) {
	t.Helper()
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := client.UserAdd(ctx, "root", password+"-of-root")
			return err
		},
		func(ctx context.Context) error { _, err := client.UserGrantRole(ctx, "root", "root"); return err },
		func(ctx context.Context) error { _, err := client.RoleAdd(ctx, role); return err },
		func(ctx context.Context) error {
			all := clientv3.PermissionType(clientv3.PermReadWrite)
			_, err := client.RoleGrantPermission(ctx, role, "/skydns/", clientv3.GetPrefixRangeEnd("/skydns/"), all)
			return err
		},
		func(ctx context.Context) error { _, err := client.UserAdd(ctx, user, password); return err },
		func(ctx context.Context) error { _, err := client.UserGrantRole(ctx, user, role); return err },
		func(ctx context.Context) error { _, err := client.AuthEnable(ctx); return err },
	} {
		must(t, step)
	}
}

func must(tb testing.TB, f func(context.Context) error) {
	tb.Helper()
	if err := f(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

func put(tb testing.TB, client *clientv3.Client, key, content string) {
	tb.Helper()
	must(tb, func(ctx context.Context) error { _, err := client.Put(ctx, key, content); return err })
}

func remove(tb testing.TB, client *clientv3.Client, l layout, name string, typ dns.Type) {
	tb.Helper()
	all, err := client.Get(tb.Context(), l.key(name)+"/", clientv3.WithPrefix())
	if err != nil {
		tb.Fatal(err)
	}
	for _, leaf := range l.leaves(all.Kvs) {
		if leaf.name == name && leaf.typ == typ {
			must(tb, func(ctx context.Context) error { _, err := client.Delete(ctx, leaf.key); return err })
		}
	}
}
