//go:build integration

package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func realMaps(tb testing.TB) corev1client.ConfigMapInterface {
	tb.Helper()
	client, err := kubernetes.NewForConfig(apiserver.Start(tb).Admin(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return client.CoreV1().ConfigMaps(Namespace)
}

// Two leaders that record and settle at the same time, in the same pages, lose nothing of each other, and leave nothing behind.
func TestIntegrationTwoLeaders(t *testing.T) {
	m := realMaps(t)
	leaders := []*Ledger{start(t, m), start(t, m)}
	const each = 150
	var working sync.WaitGroup
	var want []Entry
	for i, l := range leaders {
		for n := range each {
			e := entry(fmt.Sprintf("of-%d-%d", i, n), types.UID(fmt.Sprint("uid-", n)))
			if n%3 != 0 {
				want = append(want, e)
			}
			working.Go(func() {
				record(t, l, "gondor", e)
				if n%3 == 0 {
					l.Settle("gondor", e)
				}
			})
		}
	}
	working.Wait()
	want = sorted(want)
	settled(t, m, "gondor", want...)
	if err := leaders[0].Load(t.Context()); err != nil { // what a leader reads again
		t.Fatal(err)
	}
	if got := sorted(leaders[0].All("gondor")); !slices.Equal(got, want) {
		t.Errorf("it knows %d of %d", len(got), len(want))
	}
	for _, e := range want {
		leaders[0].Settle("gondor", e)
	}
	settled(t, m, "gondor")
	list, err := m.List(t.Context(), metav1.ListOptions{LabelSelector: "federation.fedhelm.io/cluster"})
	if err != nil || len(list.Items) > 0 {
		t.Errorf("left are %d ConfigMaps, %v", len(list.Items), err)
	}
}

// What was recorded when the process was killed is there; what was settled and not written yet is owed again, and no more.
func TestIntegrationLedgerOutlivesItsProcess(t *testing.T) {
	m := realMaps(t)
	ctx, cancel := context.WithCancel(t.Context())
	l := New(m)
	if err := l.Load(ctx); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	long := Entry{Key: delivery.Key{Kind: "things.a-group-with-a-long-name.example.com", Namespace: strings.Repeat("n", 63), Name: strings.Repeat("o", 253)}, UID: "1", Orphan: true}
	odd := Entry{Key: delivery.Key{Kind: "roles.rbac.authorization.k8s.io", Namespace: "shire", Name: "system:a_b"}, UID: "2"}
	record(t, l, "gondor", long, odd)
	l.Settle("gondor", odd)
	cancel()
	running.Wait()
	if got := stored(t, m, "gondor"); len(got) != 2 {
		t.Errorf("stored are %v", got)
	}
	after := start(t, m)
	for _, e := range []Entry{long, odd} {
		if got, ok := after.Owed("gondor", e.Key); !ok || got != e {
			t.Errorf("Owed = %v, %v; want %v", got, ok, e)
		}
	}
}

// A hundred thousand entries can be stored, read again and settled, in pages that an API server takes.
func TestIntegrationManyEntries(t *testing.T) {
	m := realMaps(t)
	l := start(t, m)
	const all = 100_000
	entries := make([]Entry, all)
	for i := range entries {
		entries[i] = entry(fmt.Sprintf("an-object-with-a-name-of-usual-length-%06d", i), "0ca04172-59a9-4ac3-9d26-1ff9d9a5c27d")
	}
	began := time.Now()
	record(t, l, "gondor", entries...)
	t.Logf("%d entries were recorded in %v", all, time.Since(began))
	began = time.Now()
	record(t, l, "gondor", entry("one-more", "1"))
	t.Logf("one more in %v", time.Since(began))
	began = time.Now()
	if got := stored(t, m, "gondor"); len(got) != all+1 || !slices.Equal(got[:all], entries) {
		t.Errorf("stored are %d of %d", len(got), all+1)
	}
	t.Logf("they were read in %v", time.Since(began))
	began = time.Now()
	for _, e := range entries {
		l.Settle("gondor", e)
	}
	settled(t, m, "gondor", entry("one-more", "1"))
	t.Logf("and settled in %v", time.Since(began))
}

// Names that go again and again while the member is away stay on record, also those on a page that has no room left for it.
func TestIntegrationNamesThatGoAgainAndAgain(t *testing.T) {
	m := realMaps(t)
	eventually.Do(t, time.Minute, "the namespace to be there", func() error {
		_, err := m.Create(t.Context(), crowded(2000), metav1.CreateOptions{})
		return err
	})
	l := start(t, m)
	const rounds = mostFormer + 2
	for round := 13; round < 13+rounds; round++ {
		var again []Entry
		for i := range 3000 {
			again = append(again, entry(fmt.Sprintf("job-%04d", i), uidOf(round, i)))
		}
		record(t, l, "gondor", again...)
	}
	got := stored(t, m, "gondor")
	if len(got) != 3000 {
		t.Errorf("stored are %d of 3000", len(got))
	}
	for i, e := range got {
		if e.UID != uidOf(12+rounds, i) || i < 2000 && !e.Of(uidOf(0, i)) {
			t.Fatalf("%s is owed for %s and %s", e.Key, e.UID, e.Former)
		}
	}
}
