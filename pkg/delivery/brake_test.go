package delivery

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/fakeapi"
)

// orphaned is a world that runs, in whose member so many ConfigMaps are copies, the first few of which have lost their sources.
func orphaned(t *testing.T, copies, lost int) (*world, *fakeapi.API, []Key) {
	t.Helper()
	w, api := newFake(t, fakeapi.Options{})
	w.run()
	w.expect(w.source(shire), Synced)
	keys := many(w, copies)
	for _, k := range keys {
		w.expect(k, Synced)
	}
	w.end()
	for _, k := range keys[:lost] {
		w.want(k, Wish{Action: Unsourced})
	}
	w.run()
	w.agent.Survey(w.kinds["configmaps"])
	return w, api, keys[:lost]
}

func left(w *world, api *fakeapi.API) int {
	return len(api.List(w.kinds["configmaps"], labels.Everything()))
}

func TestFewCopiesWithoutSourcesAreDeleted(t *testing.T) {
	t.Parallel()
	w, api, _ := orphaned(t, 30, defaultUnsourcedCount)
	eventually.Do(t, 15*time.Second, "ten copies to go", func() error {
		if n := left(w, api); n != 20 {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
	if s := w.agent.Standing(); s.Held != 0 {
		t.Errorf("%d are held", s.Held)
	}
}

func TestManyCopiesWithoutSourcesAreHeld(t *testing.T) {
	t.Parallel()
	w, api, lost := orphaned(t, 30, defaultUnsourcedCount+1)
	for _, k := range lost {
		if r := w.expect(k, Held); !strings.Contains(r.Message, "11 of the 30 copies") || r.Copy == nil {
			t.Fatalf("the report is %+v", r)
		}
	}
	if n := left(w, api); n != 30 || w.agent.Standing().Held != len(lost) {
		t.Errorf("%d copies are left, %d held", n, w.agent.Standing().Held)
	}
	back := lost[0] // whose source is found
	w.source(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"` + back.Name + `","namespace":"shire"},"data":{"key":"value"}}`)
	w.expect(back, Synced)
	eventually.Do(t, 15*time.Second, "the other ten to go, since they are few", func() error {
		if n, held := left(w, api), w.agent.Standing().Held; n != 20 || held != 0 {
			return fmt.Errorf("there are %d, %d held", n, held)
		}
		return nil
	})
}

func TestHeldCopiesGoWhenSomebodySaysSo(t *testing.T) {
	t.Parallel()
	w, api, lost := orphaned(t, 30, 20)
	w.expect(lost[0], Held)
	w.agent.ReleaseBrake()
	eventually.Do(t, 15*time.Second, "all to go", func() error {
		if n, held := left(w, api), w.agent.Standing().Held; n != 10 || held != 0 {
			return fmt.Errorf("there are %d, %d held", n, held)
		}
		return nil
	})
}

func TestWhatIsHeldIsJudgedAgainWhenTheHourIsOver(t *testing.T) {
	t.Parallel()
	w, _, lost := orphaned(t, 30, defaultUnsourcedCount+1)
	w.expect(lost[0], Held)
	eventually.Do(t, 5*time.Second, "another look", func() error {
		if w.dueIn(w.agent.queue, brakeKey) == 0 {
			return errors.New("nobody will look")
		}
		return nil
	})
}

func TestBrakeCountsWhatWentAFewAtATime(t *testing.T) {
	t.Parallel()
	limits := &Limits{UnsourcedPercent: 5, UnsourcedCount: 10}
	b, now := &brake{}, time.Now()
	keys := func(n int) []Key {
		keys := make([]Key, n)
		for i := range keys {
			keys[i] = key(fmt.Sprint(i))
		}
		return keys
	}
	if why := b.decide(keys(10), 100, limits, now); why != "" {
		t.Fatalf("ten of a hundred: %s", why)
	}
	for _, k := range keys(10) {
		if ok, wholly := b.allows(k); !ok || wholly {
			t.Fatal("one of them is not allowed")
		}
		b.took(k, now)
	}
	if why := b.decide(keys(1), 90, limits, now.Add(recently)); why == "" {
		t.Error("one more, within the hour, was allowed")
	}
	if ok, _ := b.allows(keys(1)[0]); ok {
		t.Error("what was refused is allowed")
	}
	if why := b.decide(keys(10), 90, limits, now.Add(recently+1)); why != "" {
		t.Errorf("after the hour: %s", why)
	}
	if why := b.decide(keys(50), 1000, limits, now.Add(recently+1)); why != "" {
		t.Errorf("five per cent: %s", why)
	}
	if why := b.decide(keys(51), 1000, limits, now.Add(recently+1)); why == "" {
		t.Error("more than five per cent were allowed")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	l := Options{Limits: Limits{UnsourcedPercent: -1, UnsourcedCount: -1}}.withDefaults().Limits
	if l.UnsourcedCount != 0 || l.UnsourcedPercent != 0 || l.Requests != defaultRequests {
		t.Errorf("the limits are %+v", l)
	}
}

// As for a definition whose conversion webhook is gone.
func TestKindThatCannotBeListedHoldsNoneOfTheOthersUpForEver(t *testing.T) {
	t.Parallel()
	w, api, f := newFaulty(t)
	w.run()
	w.expect(w.source(shire), Synced)
	kept, lost := w.source(settings), many(w, 5)
	for _, k := range append(lost, kept) {
		w.expect(k, Synced)
	}
	w.end()
	f.set(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/secrets") {
			http.Error(rw, "conversion webhook for rings failed: Post \"https://gone\": no route", http.StatusInternalServerError)
			return
		}
		api.ServeHTTP(rw, r)
	})
	for _, k := range lost {
		w.want(k, Wish{Action: Unsourced})
	}
	w.run()
	w.agent.Survey(w.kinds["configmaps"])
	w.agent.Survey(w.kinds["secrets"])
	w.expect(lost[0], Pending)
	time.Sleep(2 * beforeJudging)
	if n := left(w, api); n != 6 {
		t.Fatalf("%d are left, although secrets may be known soon", n)
	}
	secrets := w.agent.table("secrets")
	secrets.mu.Lock()
	secrets.barred = secrets.barred.Add(-longBarred)
	secrets.mu.Unlock()
	eventually.Do(t, 15*time.Second, "the five to go", func() error {
		if n := left(w, api); n != 1 {
			return fmt.Errorf("there are %d", n)
		}
		return nil
	})
}

func TestMemberThatIsReachedAgainIsGivenTimeToBeKnown(t *testing.T) {
	t.Parallel()
	w, _, _ := newFaulty(t)
	w.run()
	now := time.Now()
	w.expect(w.source(shire), Synced)
	table := newTable(lens{kind: w.kinds["secrets"]}) // which nobody follows
	table.enter(listing, "")
	w.agent.mu.Lock()
	w.agent.tables[table.kind.ID()] = table
	w.agent.mu.Unlock()
	table.bar(true, now.Add(-longBarred))
	table.bar(true, now)
	if table.uncertain(now) {
		t.Error("what has failed for a minute may still be known soon")
	}
	w.agent.SetReachable(false)
	w.agent.SetReachable(true)
	if !table.uncertain(now) {
		t.Error("what failed while the member was away is not asked for again")
	}
}
