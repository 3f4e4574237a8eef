package propagation

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/ledger"
)

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
