package coredns

import (
	"context"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// pageSize is in keys, of some 200 octets each.
const pageSize = 4000

// Records implements dns.Provider. All are read at one revision.
func (p *Provider) Records(ctx context.Context, _ dns.Zone, under string) ([]dns.RecordSet, error) {
	prefix := p.layout.key(under) + "/"
	from, end := prefix, clientv3.GetPrefixRangeEnd(prefix)
	var kvs []*mvccpb.KeyValue
	for revision := int64(0); ; {
		var page *clientv3.GetResponse
		err := p.etcd.do(ctx, "Range", func(ctx context.Context, kv clientv3.KV) (err error) {
			page, err = kv.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(pageSize), clientv3.WithRev(revision))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list %q: %w", under, err)
		}
		kvs = append(kvs, page.Kvs...)
		if !page.More {
			return sets(p.layout.leaves(kvs)), nil
		}
		revision, from = page.Header.Revision, string(page.Kvs[len(page.Kvs)-1].Key)+"\x00"
	}
}

// leaves are the records that keys hold. A key is a leaf of the name above it. Unless something is below it, the plug-in also takes it for a
// record of its own whole name: that is how CoreDNS' documentation puts them.
func (l layout) leaves(kvs []*mvccpb.KeyValue) []leaf {
	dirs := map[string]bool{}
	for _, kv := range kvs {
		for dir := parent(string(kv.Key)); len(dir) > len(l.root) && !dirs[dir]; dir = parent(dir) {
			dirs[dir] = true
		}
	}
	found := make([]leaf, 0, len(kvs))
	for _, kv := range kvs {
		key := string(kv.Key)
		of := read(l.name(parent(key)), key, string(kv.Value), kv.ModRevision)
		if found = append(found, of); !dirs[key] && !of.isOurs() {
			of.name = l.name(key)
			found = append(found, of)
		}
	}
	return found
}

func parent(key string) string { return key[:max(0, strings.LastIndexByte(key, '/'))] }
