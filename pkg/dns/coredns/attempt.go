package coredns

import (
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// attempt is to make a unit, in the belief that certain leaves are there.
type attempt struct {
	layout layout
	unit   dns.Unit
	top    string          // name that all changes are at or below
	names  map[string]bool // that are changed
	leaves []leaf          // of these names, believed to be there
	exact  int64           // revision of the key of top itself, 0 if there is none

	ifs  []clientv3.Cmp // what makes the belief true
	then []clientv3.Op
	// blind is an attempt with too many comparisons. It only looks what is there, and shares its transaction with no other.
	blind bool
}

// guess believes that etcd holds what this package would have written.
func (l layout) guess(zone dns.Zone, unit dns.Unit) (*attempt, error) {
	a := &attempt{layout: l, unit: unit, top: unit.Name, names: map[string]bool{}}
	for _, c := range unit.Changes {
		set := c.Set()
		if err := accept(zone, unit, c); err != nil {
			return nil, err
		}
		a.names[set.Name] = true
		if c.Before == nil {
			continue
		}
		for _, data := range c.Before.Values {
			key := l.key(set.Name) + "/" + leafName(set.Type, data, a.taken(set.Name, nil))
			a.leaves = append(a.leaves, leaf{key: key, value: encode(*c.Before, data), name: set.Name, typ: set.Type, data: data, ttl: set.TTL})
		}
	}
	if len(unit.Changes) > 0 && len(a.names) == 1 {
		a.top = unit.Changes[0].Set().Name
	}
	a.ifs = append(a.ifs, clientv3.Compare(clientv3.CreateRevision(l.key(a.top)), "=", 0))
	for _, leaf := range a.leaves {
		a.ifs = append(a.ifs, clientv3.Compare(clientv3.Value(leaf.key), "=", leaf.value))
	}
	for _, gap := range a.gaps() {
		a.ifs = append(a.ifs, clientv3.Compare(clientv3.CreateRevision(gap[0]).WithRange(gap[1]), "=", 0))
	}
	if a.then = a.plan(); a.size() > maxOps {
		a.blind = true
		a.ifs, a.then = []clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision(l.key(a.top)), "<", 0)}, nil // never true
	}
	return a, nil
}

// accept refuses what etcd, or the plug-in, would not give back as it is.
func accept(zone dns.Zone, unit dns.Unit, c dns.Change) error {
	set := c.Set()
	if !dns.Within(set.Name, unit.Name) || !dns.Within(set.Name, zone.Name) {
		return fmt.Errorf("%w: %q is not in zone %q, or not below %q", dns.ErrRejected, set.Name, zone.Name, unit.Name)
	}
	if c.After == nil {
		return nil
	}
	for _, data := range c.After.Values {
		if back := read(set.Name, "", encode(*c.After, data), 0); back.typ != set.Type || back.data != data {
			return fmt.Errorf("%w: %q is no value of an %s record in etcd", dns.ErrRejected, data, set.Type)
		}
	}
	return checkName(set.Name, zone.Name)
}

// gaps are the ranges of keys below top in which nothing is believed to be. What is below the mark's name is left out where that is not changed.
func (a *attempt) gaps() [][2]string {
	prefix := a.layout.key(a.top) + "/"
	spared := map[string]string{} // beginning and end
	for _, leaf := range a.leaves {
		spared[leaf.key] = leaf.key + "\x00"
	}
	if mark := dns.MarkName(a.top); a.top == a.unit.Name && !a.names[mark] {
		below := a.layout.key(mark) + "/"
		spared[below] = clientv3.GetPrefixRangeEnd(below)
	}
	var gaps [][2]string
	from := prefix
	for _, begin := range slices.Sorted(maps.Keys(spared)) {
		if from < begin {
			gaps = append(gaps, [2]string{from, begin})
		}
		from = spared[begin]
	}
	return append(gaps, [2]string{from, clientv3.GetPrefixRangeEnd(prefix)})
}

// looks read what compares depend on: the key of top, and all below it.
func (a *attempt) looks() []clientv3.Op {
	key := a.layout.key(a.top)
	return []clientv3.Op{clientv3.OpGet(key), clientv3.OpGet(key+"/", clientv3.WithPrefix())}
}

// see replaces the belief by what was read at a revision.
func (a *attempt) see(exact, below []*mvccpb.KeyValue, revision int64) {
	a.blind, a.exact = false, 0
	if len(exact) > 0 {
		a.exact = exact[0].ModRevision
	}
	a.leaves = slices.DeleteFunc(a.layout.leaves(slices.Concat(exact, below)), func(l leaf) bool { return !a.names[l.name] })
	key := a.layout.key(a.top)
	a.ifs = []clientv3.Cmp{
		clientv3.Compare(clientv3.ModRevision(key), "=", a.exact),
		clientv3.Compare(clientv3.ModRevision(key+"/").WithPrefix(), "<", revision+1), // neither new nor changed
	}
	for _, leaf := range a.leaves {
		if leaf.key != key {
			a.ifs = append(a.ifs, clientv3.Compare(clientv3.ModRevision(leaf.key), "=", leaf.revision)) // not gone
		}
	}
	a.then = a.plan()
}

// check tells whether what was read is what the unit says was there before.
func (a *attempt) check() error {
	there := map[string]map[dns.Type]dns.RecordSet{}
	for name := range a.names {
		there[name] = map[dns.Type]dns.RecordSet{}
	}
	for _, set := range sets(a.leaves) {
		there[set.Name][set.Type] = set
	}
	for _, c := range a.unit.Changes {
		set := c.Set()
		now, is := there[set.Name][set.Type]
		if is != (c.Before != nil) || is && (now.TTL != c.Before.TTL || !slices.Equal(now.Values, c.Before.Values)) {
			return fmt.Errorf("%s of %q: %w", set.Type, set.Name, dns.ErrStale)
		}
		delete(there[set.Name], set.Type)
	}
	for _, c := range a.unit.Changes { // what is left is not changed
		others := there[c.Set().Name]
		_, alias := others[dns.CNAME]
		_, a4 := others[dns.A]
		_, a6 := others[dns.AAAA]
		if c.After != nil && (alias && c.After.Type != dns.TXT || c.After.Type == dns.CNAME && (a4 || a6)) {
			return fmt.Errorf("%q has a CNAME beside addresses: %w", c.After.Name, dns.ErrStale)
		}
	}
	if a.size() > maxOps {
		return fmt.Errorf("%w: %q has so many records that a transaction of etcd does not hold them (%d operations)", dns.ErrRejected, a.unit.Name, maxOps)
	}
	return nil
}

// size is what of a transaction it takes.
func (a *attempt) size() int {
	if a.blind {
		return maxOps
	}
	return max(len(a.ifs), len(a.then), len(a.looks()))
}

// plan leads from the leaves that are believed to be there to those that are wanted. A leaf that already says what is wanted stays, whatever it
// is called.
func (a *attempt) plan() []clientv3.Op {
	puts, drops := map[string]string{}, map[string]bool{}
	for _, c := range a.unit.Changes {
		set := c.Set()
		wanted := map[string]bool{}
		if c.After != nil {
			for _, data := range c.After.Values {
				wanted[data] = true
			}
		}
		for _, leaf := range a.leaves {
			switch {
			case leaf.name != set.Name || leaf.typ != set.Type:
			case !wanted[leaf.data], leaf.key == a.layout.key(set.Name): // the name's own key is not seen once there are leaves
				drops[leaf.key] = true
			default:
				delete(wanted, leaf.data) // a second one with the same data goes
				if value := encode(*c.After, leaf.data); value != leaf.value {
					puts[leaf.key] = value
				}
			}
		}
		for _, data := range slices.Sorted(maps.Keys(wanted)) {
			key := a.layout.key(set.Name) + "/" + leafName(set.Type, data, a.taken(set.Name, puts))
			puts[key] = encode(*c.After, data)
		}
	}
	ops := make([]clientv3.Op, 0, len(puts)+len(drops))
	for _, key := range slices.Sorted(maps.Keys(drops)) {
		ops = append(ops, clientv3.OpDelete(key))
	}
	for _, key := range slices.Sorted(maps.Keys(puts)) {
		ops = append(ops, clientv3.OpPut(key, puts[key]))
	}
	return ops
}

// taken tells which leaves a name cannot have anew: those that are there, and those that are being put.
func (a *attempt) taken(name string, puts map[string]string) func(string) bool {
	dir := a.layout.key(name) + "/"
	return func(leafName string) bool {
		_, put := puts[dir+leafName]
		return put || slices.ContainsFunc(a.leaves, func(l leaf) bool { return l.key == dir+leafName })
	}
}
