package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/ci/bench/internal/stubs"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

const (
	// maxMembers is how many have addresses of their own.
	maxMembers = 250
	// defaultTTL is that of the controller manager.
	defaultTTL = 60
)

// named is a federation whose Services have names in a zone.
type named struct {
	*world
	zone     *zone
	members  []*stubs.Member
	places   []dns.Member
	services []types.NamespacedName // that were created
	copies   *copies
}

// newNamed starts members and the controller manager, and returns when the federation knows where all members are.
func newNamed(ctx context.Context, w *world, z *zone, members int) (*named, error) {
	n := &named{world: w, zone: z, copies: &copies{there: map[string]bool{}}}
	at := placesOf(members)
	n.members = stubs.Start(members, stubs.Options{Places: at, Written: n.copies.saw})
	for i, m := range n.members {
		n.places = append(n.places, dns.Member{Name: m.Name, Region: at[i].Region, Zones: []string{at[i].Zone}})
	}
	if err := w.register(ctx, n.members); err != nil {
		return n, err
	}
	if err := w.start(); err != nil {
		return n, err
	}
	ctx, cancel := w.whileRunning(ctx, time.Minute)
	defer cancel()
	return n, n.ready(ctx)
}

// end takes the members away, and the Secrets by which they were reached, also after an interrupt. Their Clusters go with the federation.
func (n *named) end(ctx context.Context) error {
	err := n.stop()
	stubs.Close(n.members)
	return errors.Join(err, n.host.CoreV1().Secrets(n.ref.Namespace).DeleteCollection(context.WithoutCancel(ctx), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: fedv1beta1.LabelFederation + "=" + n.ref.Name + "," + fedv1beta1.LabelCluster}))
}

// placesOf spreads members: each has a zone, two have a region.
func placesOf(members int) []stubs.Place {
	all := make([]stubs.Place, members)
	for i := range all {
		all[i] = stubs.Place{Region: fmt.Sprintf("region-%d", i/2+1), Zone: fmt.Sprintf("region-%d-%c", i/2+1, 'a'+i%2)}
	}
	return all
}

// ready returns when all members are Ready, and it is known where they are.
func (n *named) ready(ctx context.Context) error {
	for {
		clusters, err := n.api.List(ctx)
		if err != nil {
			return err
		}
		ready, last := 0, ""
		for i := range clusters.Items {
			s := &clusters.Items[i].Status
			if meta.IsStatusConditionTrue(s.Conditions, fedv1beta1.ClusterReady) && s.Region != "" && len(s.Zones) > 0 {
				ready++
			} else {
				last = clusters.Items[i].Name
			}
		}
		if ready == len(n.members) {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d members are Ready, and %s is not: %w", ready, len(n.members), last, err)
		}
	}
}

// wanted are the names that Services shall have while the members of these numbers do not back them.
func (n *named) wanted(services []types.NamespacedName, without ...int) []dns.Wanted {
	naming := dns.Naming{Federation: federationName, Suffix: zoneName}
	out := map[int]bool{}
	for _, member := range without {
		out[member] = true
	}
	var all []dns.Wanted
	for _, s := range services {
		of := dns.Service{Namespace: s.Namespace, Name: s.Name, TTL: defaultTTL}
		for i, m := range n.places {
			if !out[i] {
				of.Backends = append(of.Backends, dns.Backend{Member: m.Name, Addresses: []netip.Addr{stubs.Address(i, s.Namespace, s.Name)}})
			}
		}
		wanted, _ := dns.Desired(naming, of, n.places) // names are short, addresses are some
		all = append(all, wanted...)
	}
	return all
}

// differing are those of after that are not the same in before.
func differing(before, after []dns.Wanted) []dns.Wanted {
	was := make(map[string]string, len(before))
	for _, w := range before {
		was[w.Name] = fmt.Sprint(w.Sets)
	}
	var all []dns.Wanted
	for _, w := range after {
		if was[w.Name] != fmt.Sprint(w.Sets) {
			all = append(all, w)
		}
	}
	return all
}

// copies notes when Services come into members.
type copies struct {
	mu    sync.Mutex
	there map[string]bool
	last  time.Time
}

func (c *copies) saw(member int, k kinds.Kind, o fakeapi.Object) {
	if k.Kind != "Service" {
		return
	}
	key := fmt.Sprintf("%d %s/%s", member, o.Namespace, o.Name)
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.there[key] {
		c.there[key], c.last = true, now
	}
}

// lastNew is when the last copy came that had not been there.
func (c *copies) lastNew() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}
