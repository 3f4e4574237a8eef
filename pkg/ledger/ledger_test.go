package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func entry(name string, uid types.UID) Entry {
	return Entry{Key: delivery.Key{Kind: "configmaps", Namespace: "shire", Name: name}, UID: uid}
}

// start returns a ledger that has read what is there, and runs for as long as the test.
func start(tb testing.TB, configMaps corev1client.ConfigMapInterface) *Ledger {
	tb.Helper()
	l := New(configMaps)
	if err := l.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() { l.Run(ctx) })
	tb.Cleanup(func() { cancel(); running.Wait() })
	return l
}

// stored returns what a ledger that starts now would know.
func stored(tb testing.TB, configMaps corev1client.ConfigMapInterface, cluster string) []Entry {
	tb.Helper()
	l := New(configMaps)
	if err := l.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return sorted(l.All(cluster))
}

func sorted(entries []Entry) []Entry {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	return entries
}

func record(tb testing.TB, l *Ledger, cluster string, entries ...Entry) {
	tb.Helper()
	if err := l.Record(tb.Context(), cluster, entries...); err != nil {
		tb.Fatal(err)
	}
}

func settled(t *testing.T, configMaps corev1client.ConfigMapInterface, cluster string, want ...Entry) {
	t.Helper()
	eventually.Do(t, time.Minute, "what is settled to be gone", func() error {
		if got := stored(t, configMaps, cluster); !slices.Equal(got, want) {
			return fmt.Errorf("stored are %v; want %v", got, want)
		}
		return nil
	})
}

func newMaps() corev1client.ConfigMapInterface {
	return fake.NewClientset().CoreV1().ConfigMaps(Namespace)
}

func TestWhatIsRecordedOutlivesTheProcess(t *testing.T) {
	m := newMaps()
	l := start(t, m)
	a, b, c := entry("a", "1"), entry("b", "2"), entry("a", "3")
	b.Orphan = true
	record(t, l, "gondor", a, b)
	record(t, l, "rohan", c)
	record(t, l, "rohan") // nothing
	for cluster, want := range map[string][]Entry{"gondor": {a, b}, "rohan": {c}, "mordor": nil} {
		if got := stored(t, m, cluster); !slices.Equal(got, want) {
			t.Errorf("%s owes %v; want %v", cluster, got, want)
		}
		for _, e := range want {
			if got, ok := l.Owed(cluster, e.Key); !ok || got != e {
				t.Errorf("Owed(%s, %s) = %v, %v; want %v", cluster, e.Key, got, ok, e)
			}
		}
	}
	if got, ok := l.Owed("gondor", delivery.Key{Kind: "configmaps", Name: "a"}); ok {
		t.Errorf("an object of no namespace is owed as %v", got)
	}
	if got := l.Clusters(); !slices.Equal(got, []string{"gondor", "rohan"}) {
		t.Errorf("Clusters = %v", got)
	}
}

// The member has a copy of one of the sources that went while it was away, and it is not known of which.
func TestWhatIsOwedUnderAKeyBecomesPartOfWhatIsRecordedNext(t *testing.T) {
	m := newMaps()
	l := start(t, m)
	first, second, third := entry("a", "1"), entry("a", "2"), entry("a", "3")
	second.Orphan, third.Version = true, "v1"
	record(t, l, "gondor", first)
	record(t, l, "gondor", second, third)
	record(t, l, "gondor", third)
	want := third
	want.Former, want.Orphan = "1,2", true // to take marks off destroys nothing
	if got := stored(t, m, "gondor"); !slices.Equal(got, []Entry{want}) {
		t.Errorf("stored are %v; want %v", got, want)
	}
	for uid, of := range map[types.UID]bool{"1": true, "2": true, "3": true, "": false, "4": false, "1,2": false} {
		if got := want.Of(uid); got != of {
			t.Errorf("that it is about source %q is %v", uid, got)
		}
	}
	l.Settle("gondor", want)
	record(t, l, "gondor", entry("a", "4"))
	if got := stored(t, m, "gondor"); !slices.Equal(got, []Entry{entry("a", "4")}) {
		t.Errorf("after that was settled, stored are %v", got)
	}
}

func TestOfVeryManyFormerSourcesTheFirstAreKept(t *testing.T) {
	e := entry("a", "0")
	for i := 1; i < 100; i++ {
		e = entry("a", types.UID(fmt.Sprint(i))).after(e)
	}
	if !e.Of("0") || !e.Of("15") || e.Of("50") || !e.Of("99") {
		t.Errorf("after a hundred it is %v", e)
	}
}

func TestRecordRefusesWhatIsNoObject(t *testing.T) {
	for _, e := range []Entry{{}, entry("", "1"), entry("a", ""), {Key: delivery.Key{Name: "a"}, UID: "1"}} {
		if err := New(newMaps()).Record(t.Context(), "gondor", e); err == nil {
			t.Errorf("Record(%v) succeeds", e)
		}
	}
}

func TestSettle(t *testing.T) {
	m := newMaps()
	l := start(t, m)
	a, b := entry("a", "1"), entry("b", "2")
	record(t, l, "gondor", a, b)
	l.Settle("gondor", entry("b", "1")) // one from before
	l.Settle("gondor", entry("c", "1")) // never owed
	l.Settle("mordor", a)
	l.Settle("gondor", a)
	if _, ok := l.Owed("gondor", a.Key); ok {
		t.Error("a is owed still")
	}
	if got := l.All("gondor"); !slices.Equal(got, []Entry{b}) {
		t.Errorf("All = %v", got)
	}
	settled(t, m, "gondor", b)
	l.Settle("gondor", b)
	settled(t, m, "gondor")
	list, err := m.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("an empty page is left: %v, %v", list.Items, err)
	}
	if got := l.Clusters(); len(got) != 0 {
		t.Errorf("Clusters = %v", got)
	}
}

func TestWhatIsOwedAgainStays(t *testing.T) {
	m := newMaps()
	l := start(t, m)
	a := entry("a", "1")
	record(t, l, "gondor", a)
	l.Settle("gondor", a)
	record(t, l, "gondor", a)
	if _, ok := l.Owed("gondor", a.Key); !ok {
		t.Error("a is not owed")
	}
	l.Settle("gondor", a)
	record(t, l, "gondor", entry("a", "2"))
	if got, _ := l.Owed("gondor", a.Key); got.UID != "2" {
		t.Errorf("owed is %v", got)
	}
	settled(t, m, "gondor", entry("a", "2"))
}

func TestForget(t *testing.T) {
	m := newMaps()
	l := start(t, m)
	record(t, l, "gondor", entry("a", "1"))
	record(t, l, "gondor-1", entry("a", "1"))
	record(t, start(t, m), "gondor", entry("b", "1")) // another leader
	if err := l.Forget(t.Context(), "gondor"); err != nil {
		t.Fatal(err)
	}
	if err := l.Forget(t.Context(), "mordor"); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, m, "gondor"); len(got) != 0 || len(l.All("gondor")) != 0 {
		t.Errorf("stored are %v, known %v", got, l.All("gondor"))
	}
	if got := stored(t, m, "gondor-1"); len(got) != 1 {
		t.Errorf("stored of another member are %v", got)
	}
	record(t, l, "gondor", entry("c", "1"))
	if got := stored(t, m, "gondor"); !slices.Equal(got, []Entry{entry("c", "1")}) {
		t.Errorf("stored are %v", got)
	}
}

// A member whose name ends in a number has pages of its own.
func TestMembersDoNotShareNames(t *testing.T) {
	seen := map[string]bool{}
	for _, cluster := range []string{"a", "a-1", "a-1-1"} {
		for n := range 3 {
			name := pageName(cluster, n)
			if seen[name] {
				t.Errorf("%s is the name of two pages", name)
			}
			seen[name] = true
		}
	}
}

func TestConcurrentRecordsAreWrittenTogether(t *testing.T) {
	client := fake.NewClientset()
	writes := 0
	client.PrependReactor("*", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if a.GetVerb() == "create" || a.GetVerb() == "update" {
			writes++
			time.Sleep(20 * time.Millisecond)
		}
		return false, nil, nil
	})
	m := client.CoreV1().ConfigMaps(Namespace)
	l := start(t, m)
	var recording sync.WaitGroup
	for i := range 200 {
		recording.Go(func() { record(t, l, "gondor", entry(fmt.Sprint("o", i), "1")) })
	}
	recording.Wait()
	if got := len(stored(t, m, "gondor")); got != 200 {
		t.Errorf("stored are %d of 200", got)
	}
	if writes > 10 {
		t.Errorf("there were %d writes", writes)
	}
}

func TestManyEntriesTakeSeveralPages(t *testing.T) {
	m := newMaps()
	l := start(t, m)
	var many []Entry
	for i := range 4500 {
		many = append(many, entry(fmt.Sprintf("an-object-with-a-name-of-usual-length-%d", i), "0ca04172-59a9-4ac3-9d26-1ff9d9a5c27d"))
	}
	record(t, l, "gondor", many...)
	list, err := m.List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) < 2 {
		t.Fatalf("there are %d pages, %v", len(list.Items), err)
	}
	for _, page := range list.Items {
		if page.Size() > 256<<10 {
			t.Errorf("%s has %d bytes to write", page.Name, page.Size())
		}
	}
	if got := stored(t, m, "gondor"); !slices.Equal(got, sorted(many)) {
		t.Errorf("stored are %d of %d", len(got), len(many))
	}
	record(t, l, "gondor", entry("one-more", "1")) // needs one page only
	for _, e := range many[:4000] {
		l.Settle("gondor", e)
	}
	settled(t, m, "gondor", sorted(append(slices.Clone(many[4000:]), entry("one-more", "1")))...)
}

func TestAFailureIsToldAndTheNextRecordSucceeds(t *testing.T) {
	client := fake.NewClientset()
	broken := errors.New("etcd is away")
	fails := true
	var mu sync.Mutex
	client.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		mu.Lock()
		defer mu.Unlock()
		return fails, nil, broken
	})
	m := client.CoreV1().ConfigMaps(Namespace)
	l := start(t, m)
	err := l.Record(t.Context(), "gondor", entry("a", "1"))
	if !errors.Is(err, broken) {
		t.Fatalf("Record = %v", err)
	}
	if _, ok := l.Owed("gondor", entry("a", "1").Key); ok {
		t.Error("what is not stored is owed")
	}
	mu.Lock()
	fails = false
	mu.Unlock()
	record(t, l, "gondor", entry("b", "1"))
	if got := stored(t, m, "gondor"); !slices.Equal(got, []Entry{entry("b", "1")}) {
		t.Errorf("stored are %v", got)
	}
}

func TestRecordEndsWithItsCallerAndWithTheLedger(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := New(newMaps())
	if err := l.Record(ctx, "gondor", entry("a", "1")); !errors.Is(err, context.Canceled) {
		t.Errorf("with its caller: %v", err)
	}
	l.Run(ctx)
	if err := l.Record(t.Context(), "gondor", entry("a", "1")); !errors.Is(err, errStopped) {
		t.Errorf("with the ledger: %v", err)
	}
}

func TestWhatIsNotUnderstoodStays(t *testing.T) {
	label := map[string]string{fedv1beta1.LabelCluster: "gondor"}
	own := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "federation-owed-gondor", Labels: label},
		Data:       map[string]string{"later": "invention", "configmaps__shire__a": "1 delete"},
	}
	other := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: "settings", Labels: label}, Data: map[string]string{"a__b": "1 delete"}}
	m := fake.NewClientset(own, other).CoreV1().ConfigMaps(Namespace)
	l := start(t, m)
	l.Settle("gondor", entry("a", "1"))
	settled(t, m, "gondor")
	got, err := m.Get(t.Context(), own.Name, metav1.GetOptions{})
	if err != nil || len(got.Data) != 1 || got.Data["later"] != "invention" {
		t.Errorf("left is %v, %v", got, err)
	}
	if err := l.Forget(t.Context(), "gondor"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Get(t.Context(), own.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after Forget: %v", err)
	}
	if _, err := m.Get(t.Context(), other.Name, metav1.GetOptions{}); err != nil {
		t.Errorf("a ConfigMap that is none of ours: %v", err)
	}
}

// conflicting is an API server at which another writer is always faster the first time.
func conflicting(t *testing.T, client *fake.Clientset) {
	t.Helper()
	raced := false
	client.PrependReactor("update", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		m := a.(clienttesting.UpdateAction).GetObject().(*corev1.ConfigMap)
		if raced {
			return false, nil, nil
		}
		raced = true
		now, err := client.Tracker().Get(corev1.SchemeGroupVersion.WithResource("configmaps"), Namespace, m.Name)
		if err != nil {
			return true, nil, err
		}
		theirs := now.(*corev1.ConfigMap).DeepCopy()
		theirs.Data["configmaps__shire__theirs"] = "9 orphan"
		if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("configmaps"), theirs, Namespace); err != nil {
			return true, nil, err
		}
		return true, nil, apierrors.NewConflict(corev1.Resource("configmaps"), m.Name, errors.New("it was changed"))
	})
}

func TestAnotherLeadersEntriesAreKept(t *testing.T) {
	client := fake.NewClientset()
	m := client.CoreV1().ConfigMaps(Namespace)
	l := start(t, m)
	record(t, l, "gondor", entry("a", "1"))
	conflicting(t, client)
	record(t, l, "gondor", entry("b", "1"))
	theirs := entry("theirs", "9")
	theirs.Orphan = true
	if got := stored(t, m, "gondor"); !slices.Equal(got, []Entry{entry("a", "1"), entry("b", "1"), theirs}) {
		t.Errorf("stored are %v", got)
	}
	if _, ok := l.Owed("gondor", theirs.Key); !ok {
		t.Error("what the other has written is not known")
	}
}

func TestLoadFails(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("list", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("etcd is away")
	})
	err := New(client.CoreV1().ConfigMaps(Namespace)).Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "etcd is away") {
		t.Errorf("Load = %v", err)
	}
}
