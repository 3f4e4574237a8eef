package propagation

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/ledger"
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
