package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/fedhelm/fedhelm/ci/bench/internal/fixture"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/testutil/zoneserver"
)

// zoneName is the DNS zone that the measured federation has.
const zoneName = "bench.test."

// zone is a real etcd, which is watched, and a real CoreDNS that answers from it.
type zone struct {
	tb     *fixture.TB
	server *zoneserver.Server
	etcd   *clientv3.Client

	mu      sync.Mutex
	changed chan struct{} // closed with the next write
	keys    map[string]bool
	written writes
	err     error
}

// writes are what happened below zonePath.
type writes struct {
	keys int       // put or deleted
	last time.Time // seen here
}

// zonePath is where etcd has the zone.
const zonePath = "/skydns/"

// startZone returns when CoreDNS answers.
func startZone(ctx context.Context, dir string) (*zone, error) {
	z := &zone{tb: fixture.New(ctx, dir), keys: map[string]bool{}, changed: make(chan struct{})}
	err := z.tb.Do(func() {
		z.server = zoneserver.Start(z.tb, zoneName)
		z.etcd = z.server.Client(z.tb)
	})
	if err != nil {
		z.tb.Close()
		return nil, err
	}
	go z.follow(z.etcd.Watch(ctx, zonePath, clientv3.WithPrefix()))
	return z, nil
}

// close ends both servers.
func (z *zone) close() { z.tb.Close() }

// configure writes the provider's configuration, and returns its path.
func (z *zone) configure(dir string) (string, error) {
	path := filepath.Join(dir, "dns-provider.conf")
	content := fmt.Sprintf("[Global]\netcd-endpoints = %s\nzones = %s\netcd-ca-file = %s\netcd-cert-file = %s\netcd-key-file = %s\ncoredns-endpoints = %s\n",
		z.server.Etcd, zoneName, z.server.File("ca.crt"), z.server.File("client.crt"), z.server.File("client.key"), z.server.DNS)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

func (z *zone) follow(events clientv3.WatchChan) {
	for response := range events {
		now := time.Now()
		z.mu.Lock()
		for _, e := range response.Events {
			if e.Type == clientv3.EventTypeDelete {
				delete(z.keys, string(e.Kv.Key))
			} else {
				z.keys[string(e.Kv.Key)] = true
			}
			z.written.keys++
			z.written.last = now
		}
		if err := response.Err(); err != nil {
			z.err = fmt.Errorf("the watch of etcd has ended: %w", err)
		}
		close(z.changed)
		z.changed = make(chan struct{})
		z.mu.Unlock()
	}
}

// now is what was written since the start.
func (z *zone) now() writes {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.written
}

// holds returns when the zone has so many keys.
func (z *zone) holds(ctx context.Context, n int) error {
	for {
		z.mu.Lock()
		has, changed, err := len(z.keys), z.changed, z.err
		z.mu.Unlock()
		switch {
		case err != nil:
			return err
		case has == n:
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the zone has %d keys, not %d: %w", has, n, context.Cause(ctx))
		case <-changed:
		}
	}
}

// keysOf is how many keys the names have, with their marks.
func keysOf(wanted []dns.Wanted) int {
	n := 0
	for _, w := range wanted {
		n++
		for _, set := range w.Sets {
			n += len(set.Values)
		}
	}
	return n
}
