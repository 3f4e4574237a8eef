package coredns

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// layout is how names are keys of etcd: root, the labels from the last to the first, and a leaf for each record. The plug-in answers a query for
// a name with all that lies below its key, narrowed to the group of what lies nearest: that is why each name is a group, so that the mark below
// it is no part of it.
type layout struct{ root string }

// defaultTTL is what the plug-in answers where a leaf says none.
const defaultTTL = 300

// value is what the plug-in reads in a leaf, as far as it matters here, in the order of v1.
type value struct {
	Host  string `json:"host,omitempty"`
	Text  string `json:"text,omitempty"`
	TTL   uint32 `json:"ttl,omitempty"`
	Group string `json:"group,omitempty"`
}

// leaf is a record.
type leaf struct {
	key      string
	value    string // as it is in etcd
	revision int64  // of its last change, 0 for one that was not read

	name string
	typ  dns.Type // "" for what is no record, or not one that can be read
	data string   // as record sets have it
	ttl  uint32
}

// key of a name: its leaves are below it.
func (l layout) key(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return l.root + "/" + strings.Join(labels, "/")
}

// name is the opposite of key. It is empty for keys that no query leads to.
func (l layout) name(key string) string {
	path, ok := strings.CutPrefix(key, l.root+"/")
	labels := strings.Split(path, "/")
	if !ok || slices.Contains(labels, "") || strings.Contains(path, ".") || strings.ToLower(path) != path {
		return ""
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// special are the labels below which, in a zone, the plug-in looks for the zone's name servers, and for its own addresses: whatever is there it takes
// for some.
var special = []string{"ns.dns.", "apex.dns."}

// checkName refuses names that the plug-in does not answer as they are, or answers other queries with.
func checkName(name, zone string) error {
	for _, labels := range special {
		if dns.Within(name, labels+zone) {
			return fmt.Errorf("%w: CoreDNS answers for zone %q itself with what is below %q; the region, or the zone of members, needs another label, or the names another suffix",
				dns.ErrRejected, zone, labels+zone)
		}
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label == "any" || label == "*" {
			return fmt.Errorf("%w: CoreDNS takes the label %q for a wildcard", dns.ErrRejected, label)
		}
	}
	return nil
}

// read interprets a key's value as the plug-in does.
func read(name, key, content string, revision int64) leaf {
	l := leaf{key: key, value: content, revision: revision, name: name}
	var v value
	if json.Unmarshal([]byte(content), &v) != nil {
		return l
	}
	if l.ttl = v.TTL; l.ttl == 0 {
		l.ttl = defaultTTL
	}
	ip := net.ParseIP(v.Host)
	switch addr, _ := netip.AddrFromSlice(ip); {
	case ip.To4() != nil:
		l.typ, l.data = dns.A, addr.Unmap().String()
	case ip != nil:
		l.typ, l.data = dns.AAAA, addr.String()
	case v.Text != "":
		l.typ, l.data = dns.TXT, v.Text
	case v.Host != "":
		l.typ, l.data = dns.CNAME, dns.Absolute(v.Host)
	}
	return l
}

// encode is the value of a record's leaf.
func encode(set dns.RecordSet, data string) string {
	v := value{TTL: set.TTL, Group: strings.TrimSuffix(set.Name, ".")}
	switch set.Type {
	case dns.TXT:
		v.Text = data
	case dns.CNAME:
		v.Host = strings.TrimSuffix(data, ".")
	default:
		v.Host = data
	}
	content, _ := json.Marshal(v) // strings and a number
	return string(content)
}

// leafName is that of v1: the hash of the data, and of something more where another record has that name.
func leafName(typ dns.Type, data string, taken func(string) bool) string {
	if typ == dns.CNAME {
		data = strings.TrimSuffix(data, ".")
	}
	for {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(data)) // never fails
		if name := strconv.FormatUint(uint64(hash.Sum32()), 16); !taken(name) {
			return name
		}
		data += "'"
	}
}

// isOurs tells whether a leaf is named as this package does, so that its key is not also a name.
func (l leaf) isOurs() bool {
	return strings.HasSuffix(l.key, "/"+leafName(l.typ, l.data, func(string) bool { return false }))
}

// sets makes record sets of leaves.
func sets(leaves []leaf) []dns.RecordSet {
	parts := make([]dns.RecordSet, 0, len(leaves))
	for _, l := range leaves {
		if l.typ != "" && l.name != "" {
			parts = append(parts, dns.RecordSet{Name: l.name, Type: l.typ, TTL: l.ttl, Values: []string{l.data}})
		}
	}
	return dns.Gather(parts)
}
