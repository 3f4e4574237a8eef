package propagation

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

var rings = kinds.Kind{Group: "middle.earth", Version: "v1", Resource: "rings", Kind: "Ring", Namespaced: true}

// owe has member a owe something.
func (s *stage) owe(t *testing.T, owed ledger.Entry) {
	t.Helper()
	if err := s.o.Ledger.Record(t.Context(), "a", owed); err != nil {
		t.Fatal(err)
	}
}

func TestWishOfWhatIsOwed(t *testing.T) {
	toDelete := ledger.Entry{UID: "uid-of-motto", Former: "former,first"}
	toKeep := ledger.Entry{UID: "uid-of-motto", Orphan: true}
	for _, tt := range []struct {
		name string
		owed ledger.Entry
		copy *delivery.Copy
		want delivery.Action
	}{
		{"the copy of the source that went goes", toDelete, &delivery.Copy{SourceUID: "uid-of-motto"}, delivery.Absent},
		{"so does that of one that went before it", toDelete, &delivery.Copy{SourceUID: "first"}, delivery.Absent},
		{"what is not there is as wished", toDelete, nil, delivery.Absent},
		{
			"that of a later source has just lost it, which an entry of an earlier day does not explain", toDelete,
			&delivery.Copy{SourceUID: "later"}, delivery.Unsourced,
		},
		{"what shall stay stays", toKeep, &delivery.Copy{SourceUID: "uid-of-motto"}, delivery.Release},
		{"what shall stay stays, whatever it is a copy of", toKeep, &delivery.Copy{SourceUID: "another"}, delivery.Release},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, "a")
			go s.o.Ledger.Run(t.Context())
			tt.owed.Key = keyOf(configMaps, "shop", "motto")
			s.owe(t, tt.owed)
			s.agents["a"].reports[tt.owed.Key] = delivery.Report{Copy: tt.copy}
			if got := s.wish("a", tt.owed.Key); got.Action != tt.want {
				t.Errorf("%+v is wished", got)
			}
		})
	}
}

// A member may come back when the kind of what it owes is federated no more.
func TestWhatIsOwedOfAKindThatWasDropped(t *testing.T) {
	s := newStage(t, "a")
	go s.o.Ledger.Run(t.Context())
	key := keyOf(rings, "shire", "one")
	s.sources.open(rings)
	owed := s.debt(&source{key: key, uid: "uid-of-one"})
	s.sources.close(rings.ID())
	s.owe(t, owed)
	p, agent := s.posts.get("a"), s.agents["a"]
	s.collect(p)
	agent.reports[key] = delivery.Report{Copy: &delivery.Copy{SourceUID: "uid-of-one"}}
	if got := s.wish("a", key); got.Action != delivery.Leave {
		t.Errorf("before all kinds are known, %+v is wished", got)
	}
	if k, ok := s.kindIn("a", rings.ID()); ok {
		t.Errorf("before all kinds are known, it is asked for as %+v", k)
	}
	s.follower.want(kinds.Default())
	if got := s.wish("a", key); got.Action != delivery.Absent {
		t.Errorf("%+v is wished", got)
	}
	if k, ok := s.kindIn("a", rings.ID()); !ok || k.Path("shire", "one") != rings.Path("shire", "one") {
		t.Errorf("it is asked for as %+v, %v", k, ok)
	}
	if _, ok := s.kindIn("b", rings.ID()); ok {
		t.Error("it is asked for in a member that owes nothing")
	}
	if len(s.told(key)) == 0 {
		t.Error("the member is not asked to look at what it owes")
	}
	agent.reports[key] = delivery.Report{State: delivery.Gone}
	s.land(t.Context(), place{"a", key})
	if owed, ok := s.o.Ledger.Owed("a", key); ok {
		t.Errorf("%v is owed although it was done", owed)
	}
	if got := s.wish("a", key); got.Action != delivery.Unsourced {
		t.Errorf("of a copy that nothing is known of, %+v is wished", got)
	}
}

// What was owed by a member that left cannot be forgotten at once; meanwhile another of its name joins, and comes to owe something.
func TestAMemberThatJoinsAnewDoesNotLoseWhatItOwes(t *testing.T) {
	s := newStage(t)
	ill, tries := atomic.Bool{}, atomic.Int32{}
	client := fake.NewClientset()
	client.PrependReactor("list", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		tries.Add(1)
		return ill.Load(), nil, errors.New("the storage is away")
	})
	clock := clocktesting.NewFakeClock(noon)
	s.o.Ledger, s.o.Clock = ledger.New(client.CoreV1().ConfigMaps(ledger.Namespace)), clock
	go s.o.Ledger.Run(t.Context())
	owed := ledger.Entry{Key: keyOf(configMaps, "shop", "motto"), UID: "uid-of-motto"}
	s.owe(t, owed)
	ill.Store(true)
	s.disown(t.Context(), "a")
	eventually.Do(t, 10*time.Second, "the ledger to be asked in vain", func() error {
		if tries.Load() == 0 || !clock.HasWaiters() {
			return errors.New("it was not")
		}
		return nil
	})
	s.setFleet(member{name: "a", proven: true})
	ill.Store(false)
	clock.Step(lastRetry)
	s.running.Wait()
	if _, ok := s.o.Ledger.Owed("a", owed.Key); !ok {
		t.Error("it is forgotten")
	}
}
