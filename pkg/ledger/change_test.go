package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
)

// largest is what API servers take of values in a ConfigMap.
const largest = 1 << 20

// uidOf returns a UID as long as those of API servers.
func uidOf(round, object int) types.UID {
	return types.UID(fmt.Sprintf("0ca04172-59a9-4ac3-9d26-%04x%08x", round, object))
}

// written does what a ledger does that is never disturbed, and returns how many pages it has written.
func written(b *book, entries ...Entry) int {
	add := make(map[delivery.Key]Entry, len(entries))
	for _, e := range entries {
		add[e.Key] = e
	}
	changes := b.changes("gondor", add)
	for _, c := range changes {
		p := c.apply()
		if p.empty() {
			p = nil
		}
		b.replace(c.page.name, p)
	}
	b.tidy()
	return len(changes)
}

// bytesOf returns how long keys and values are that a page has.
func bytesOf(data map[string]string) int {
	n := 0
	for k, v := range data {
		n += len(k) + len(v)
	}
	return n
}

// Over any history of names that are deleted again and again while the member is away, nothing that is owed is lost, none is on two
// pages, and no page comes to more than an API server takes.
func TestPagesNeverOutgrowAConfigMap(t *testing.T) {
	tests := []struct {
		name           string
		names, longest int
		rounds         int
	}{
		{"so many names that a page could take more of them before they grow", 9000, 8, 4},
		{"usual names, until no more former UIDs are kept", 1200, 60, mostFormer + 2},
		{"long names, whose keys are hashes", 1200, 240, mostFormer + 2},
	}
	for seed, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			names := make([]delivery.Key, tt.names)
			for i := range names {
				names[i] = delivery.Key{Kind: "jobs.batch", Namespace: "ci", Name: fmt.Sprintf("%0*d", 4+r.IntN(tt.longest), i)}
			}
			l, want := New(nil), map[delivery.Key]Entry{}
			b := l.book("gondor")
			for round := range tt.rounds {
				var recorded []Entry
				for i, key := range names {
					if had, ok := want[key]; ok && r.IntN(50) == 0 {
						b.settled[key] = had.UID
						delete(want, key)
					}
					if r.IntN(8) == 0 {
						continue
					}
					e := Entry{Key: key, UID: uidOf(round, i), Orphan: r.IntN(9) == 0, Version: strings.Repeat("v", 50+r.IntN(14))}
					recorded = append(recorded, e)
					if had, ok := want[key]; ok {
						e = e.after(had)
					}
					want[key] = e
				}
				written(b, recorded...)
				on := map[delivery.Key]bool{}
				for _, p := range b.pages {
					if n := bytesOf(p.configMap("gondor").Data); n > full || n > largest {
						t.Fatalf("round %d: %s has %d bytes", round, p.name, n)
					}
					for key := range p.entries {
						if on[key] {
							t.Fatalf("round %d: %s is on two pages", round, key)
						}
						on[key] = true
					}
				}
				for key, e := range want {
					if got, _ := l.Owed("gondor", key); got != e {
						t.Fatalf("round %d: owed is %v; want %v", round, got, e)
					}
				}
				if len(on) != len(want) {
					t.Fatalf("round %d: %d entries are stored; want %d", round, len(on), len(want))
				}
			}
		})
	}
}

// crowded is a page as versions wrote that did not leave room for entries to grow.
func crowded(entries int) *corev1.ConfigMap {
	m := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: pageName("gondor", 0), Labels: map[string]string{fedv1beta1.LabelCluster: "gondor"}},
		Data:       map[string]string{},
	}
	for i := range entries {
		e := entry(fmt.Sprintf("job-%04d", i), uidOf(12, i))
		for round := range 12 {
			e = e.after(entry(e.Key.Name, uidOf(round, i)))
		}
		key, value := encode(e)
		m.Data[key] = value
	}
	return m
}

func TestACrowdedPageIsReadAndShrinks(t *testing.T) {
	const all = 2000
	before := crowded(all)
	m := fake.NewClientset(before).CoreV1().ConfigMaps(Namespace)
	l := start(t, m)
	if got := len(l.All("gondor")); got != all {
		t.Fatalf("%d of %d entries are read", got, all)
	}
	had := bytesOf(before.Data)
	for round := 13; round < 13+mostFormer; round++ {
		var again []Entry
		for i := range all / 2 {
			again = append(again, entry(fmt.Sprintf("job-%04d", i), uidOf(round, i)))
		}
		record(t, l, "gondor", again...)
		list, err := m.List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range list.Items {
			n := bytesOf(page.Data)
			if page.Name == before.Name && n >= had || n > full {
				t.Errorf("round %d: %s has %d bytes", round, page.Name, n)
			}
		}
		if len(list.Items) != 2 {
			t.Errorf("round %d: there are %d pages", round, len(list.Items))
		}
	}
	got := stored(t, m, "gondor")
	for i, e := range got {
		if !e.Of(uidOf(0, i)) || i < all/2 && e.UID != uidOf(12+mostFormer, i) {
			t.Fatalf("%s is owed for %s and %s", e.Key, e.UID, e.Former)
		}
	}
	if len(got) != all {
		t.Errorf("stored are %d of %d", len(got), all)
	}
	for _, e := range got[all/2:] {
		l.Settle("gondor", e)
	}
	settled(t, m, "gondor", got[:all/2]...)
	if _, err := m.Get(t.Context(), before.Name, metav1.GetOptions{}); err == nil {
		t.Error("the page is there still, and nothing is on it")
	}
}

// Should the process end between two writes, what moves to another page is on both, not on none.
func TestWhatMovesIsWrittenBeforeItIsTakenOff(t *testing.T) {
	client := fake.NewClientset(crowded(2000))
	client.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("etcd is away")
	})
	m := client.CoreV1().ConfigMaps(Namespace)
	l := start(t, m)
	if err := l.Record(t.Context(), "gondor", entry("job-0000", uidOf(13, 0))); err == nil {
		t.Error("what is not stored is recorded")
	}
	if got := stored(t, m, "gondor"); len(got) != 2000 {
		t.Errorf("stored are %d of 2000", len(got))
	}
}

func TestEntriesOnTwoPagesBecomeOne(t *testing.T) {
	over := func() *page {
		p, _, _ := read(crowded(2000))
		return p
	}
	other := func(uid types.UID) *page {
		return &page{name: pageName("gondor", 1), stored: true, entries: map[delivery.Key]value{entry("job-0000", "").Key: {uid: uid}}}
	}
	tests := []struct {
		name  string
		pages []*page
		on    string
	}{
		{"it goes to the page with room that has it", []*page{over(), other("theirs")}, pageName("gondor", 1)},
		{"in any order of the pages", []*page{other("theirs"), over()}, pageName("gondor", 1)},
		{"to another if none of them has room", []*page{over()}, pageName("gondor", 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &book{pages: tt.pages}
			written(b, entry("job-0000", uidOf(13, 0)))
			var on []string
			for _, p := range b.pages {
				if v, ok := p.entries[entry("job-0000", "").Key]; ok {
					on = append(on, p.name)
					e := v.entry(entry("job-0000", "").Key)
					if !e.Of(uidOf(0, 0)) || !e.Of(uidOf(12, 0)) || e.UID != uidOf(13, 0) || len(tt.pages) == 2 && !e.Of("theirs") {
						t.Errorf("it is about %s and %s", e.UID, e.Former)
					}
				}
			}
			if !slices.Equal(on, []string{tt.on}) {
				t.Errorf("it is on %q; want %q", on, tt.on)
			}
		})
	}
}

// Very many names that are deleted again and again take as many pages as at first, and each is written once for all of them.
func TestPagesAndWritesOfVeryManyEntries(t *testing.T) {
	b := New(nil).book("gondor")
	entries := make([]Entry, 50_000)
	for round := range 2 {
		for i := range entries {
			entries[i] = entry(fmt.Sprintf("an-object-with-a-name-of-usual-length-%06d", i), uidOf(round, i))
		}
		if n := written(b, entries...); n > 52 || len(b.pages) != n {
			t.Errorf("round %d: %d writes, %d pages", round, n, len(b.pages))
		}
	}
}
