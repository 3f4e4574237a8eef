package ledger

import (
	"maps"
	"strconv"
	"strings"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// prefix and the member's name are the name of its first ConfigMap; others have a dot and a number behind it, which no member's name has.
const prefix = "federation-owed-"

// full is how many bytes a page may come to when all its entries have grown as long as they can. An API server takes 1 MiB: the rest is
// for leaders that fill the same page at once. As long as entries have not grown, a page has little more than 100 KiB, which is as well:
// every write is of a whole page.
const full = 768 << 10

// formerLength is how much longer an entry becomes by a former UID: those of API servers have 36 bytes, and a comma goes before them.
const formerLength = 37

// longestVersion stands for what a kind's version may become, which is a DNS label.
var longestVersion = strings.Repeat("v", validation.DNS1123LabelMaxLength)

// page is a ConfigMap. It is not changed any more once others know it.
type page struct {
	name    string
	uid     types.UID
	version string
	stored  bool // otherwise it is to be made
	entries map[delivery.Key]value
	foreign map[string]string // data that we do not understand, and keep
	size    int               // that the data may come to, see sizeOf
}

// value is an entry without its key.
type value struct {
	uid     types.UID
	former  Former
	version string
	orphan  bool
}

func (v value) entry(key delivery.Key) Entry {
	return Entry{Key: key, UID: v.uid, Former: v.former, Orphan: v.orphan, Version: v.version}
}

// pageName returns the name of a member's n-th page.
func pageName(cluster string, n int) string {
	if n == 0 {
		return prefix + cluster
	}
	return prefix + cluster + "." + strconv.Itoa(n)
}

// read returns the page that a ConfigMap is, and whose; false if it is none.
func read(m *corev1.ConfigMap) (p *page, cluster string, ok bool) {
	cluster = m.Labels[fedv1beta1.LabelCluster]
	behind, found := strings.CutPrefix(m.Name, prefix+cluster)
	if cluster == "" || !found || behind != "" && behind[0] != '.' {
		return nil, "", false
	}
	p = &page{
		name: m.Name, uid: m.UID, version: m.ResourceVersion, stored: true,
		entries: make(map[delivery.Key]value, len(m.Data)), foreign: map[string]string{},
	}
	for k, v := range m.Data {
		if e, err := decode(k, v); err == nil {
			p.put(e)
		} else {
			p.foreign[k] = v
			p.size += len(k) + len(v)
		}
	}
	return p, cluster, true
}

// configMap is what to store.
func (p *page) configMap(cluster string) *corev1.ConfigMap {
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.name, Namespace: Namespace, UID: p.uid, ResourceVersion: p.version,
			Labels: map[string]string{fedv1beta1.LabelCluster: cluster},
		},
		Data: make(map[string]string, len(p.entries)+len(p.foreign)),
	}
	for key, v := range p.entries {
		k, text := encode(v.entry(key))
		m.Data[k] = text
	}
	maps.Copy(m.Data, p.foreign)
	return m
}

func (p *page) clone() *page {
	c := *p
	c.entries = maps.Clone(p.entries)
	return &c
}

func (p *page) has(key delivery.Key, uid types.UID) bool {
	v, ok := p.entries[key]
	return ok && v.uid == uid
}

func (p *page) empty() bool { return len(p.entries) == 0 && len(p.foreign) == 0 }

// put notes an entry. What is owed under its key becomes part of it.
func (p *page) put(e Entry) {
	if before, ok := p.entries[e.Key]; ok {
		e = e.after(before.entry(e.Key))
		p.remove(e.Key)
	}
	p.entries[e.Key] = value{uid: e.UID, former: e.Former, version: unique.Make(e.Version).Value(), orphan: e.Orphan}
	p.size += sizeOf(e)
}

func (p *page) remove(key delivery.Key) {
	if v, ok := p.entries[key]; ok {
		p.size -= sizeOf(v.entry(key))
		delete(p.entries, key)
	}
}

// sizeOf returns how many bytes of data an entry may come to. What is owed under its key later makes it longer by a UID each time, and it
// stays where it is.
func sizeOf(e Entry) int {
	if len(e.Version) < len(longestVersion) {
		e.Version = longestVersion
	}
	k, v := encode(e)
	return len(k) + len(v) + max(0, mostFormer-e.Former.count())*formerLength
}
