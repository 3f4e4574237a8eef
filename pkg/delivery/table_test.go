package delivery

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// An apply's answer and the watch race with each other, and with lists: whoever comes late must not win.
func TestTable(t *testing.T) {
	at := name{"shire", "settings"}
	sighting := func(uid string, version uint64, digest uint64) sight {
		return sight{uid: types.UID(uid), version: version, digest: digest, fields: "f", ours: true, labelled: true}
	}
	tests := []struct {
		name    string
		do      func(*table) change // the last event
		there   bool
		version uint64
		want    change
	}{
		{"what is seen first is looked at", func(t *table) change { return t.saw(at, sighting("a", 5, 1), 0) }, true, 5, change{look: true, tell: true}},
		{"an event that says what an answer said before is nothing new", func(t *table) change {
			t.answer(at, sighting("a", 5, 1))
			return t.saw(at, sighting("a", 5, 1), 0)
		}, true, 5, change{}},
		{"an event older than an answer is passed over", func(t *table) change {
			t.answer(at, sighting("a", 7, 2))
			return t.saw(at, sighting("a", 5, 1), 0)
		}, true, 7, change{}},
		{"an answer older than an event is passed over", func(t *table) change {
			t.saw(at, sighting("a", 7, 2), 0)
			t.answer(at, sighting("a", 5, 1))
			return change{}
		}, true, 7, change{}},
		{"an answer does not bring back what was deleted since", func(t *table) change {
			t.saw(at, sighting("a", 5, 1), 0)
			t.gone(at, 8)
			t.upTo(8)
			t.answer(at, sighting("a", 7, 2))
			return change{}
		}, false, 0, change{}},
		{"the end of a former object does not take away the next one", func(t *table) change {
			t.answer(at, sighting("b", 9, 1))
			return t.gone(at, 8)
		}, true, 9, change{}},
		{"an object that goes is looked at", func(t *table) change {
			t.saw(at, sighting("a", 5, 1), 0)
			return t.gone(at, 6)
		}, false, 0, change{look: true, tell: true}},
		{"what a list does not name is gone", func(t *table) change {
			t.saw(at, sighting("a", 5, 1), 0)
			t.ends(t.begins(), 9)
			return change{}
		}, false, 0, change{}},
		{"but for what is younger than the list", func(t *table) change {
			list := t.begins()
			t.answer(at, sighting("a", 12, 1))
			t.ends(list, 9)
			return change{}
		}, true, 12, change{}},
		{"fields that somebody changed are looked at", func(t *table) change {
			t.saw(at, sighting("a", 5, 1), 0)
			return t.saw(at, sighting("a", 6, 2), 0)
		}, true, 6, change{look: true}},
		{"an object that takes the name of another is looked at", func(t *table) change {
			t.saw(at, sighting("a", 5, 1), 0)
			return t.saw(at, sighting("b", 6, 1), 0)
		}, true, 6, change{look: true, tell: true}},
		{"what is not labelled is not taken in: nothing would tell when it goes", func(t *table) change {
			t.answer(at, sight{uid: "x", version: 5})
			return change{}
		}, false, 0, change{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := newTable(lens{kind: kinds.Default()[1], federation: fellowship, federationUID: fellowshipUID})
			table.phase = synced
			got := tt.do(table)
			r := table.look(at)
			if r.there != tt.there || r.version != tt.version || got != tt.want {
				t.Errorf("there %t at %d, change %+v; want %t at %d, %+v", r.there, r.version, got, tt.there, tt.version, tt.want)
			}
			if n := table.copies(); (n == 1) != tt.there {
				t.Errorf("it counts %d copies", n)
			}
		})
	}
}

func TestStatusIsToldAndNotLookedAt(t *testing.T) {
	k := kinds.Default()[5]
	table := full(k, 1, `{"readyReplicas":1}`)
	see := func(status string, change ...func(*object)) change {
		o := seen(k, 0, status)
		for _, f := range change {
			f(o)
		}
		s, err := table.object(o)
		if err != nil {
			t.Fatal(err)
		}
		return table.saw(nameOf(o), s, 0)
	}
	if c := see(`{ "readyReplicas" : 1 }`); c != (change{}) {
		t.Errorf("the same status in another dress: %+v", c)
	}
	if c := see(`{"readyReplicas":2}`); c != (change{tell: true}) {
		t.Errorf("another status: %+v", c)
	}
	if c := see(`{"readyReplicas":2}`, func(o *object) { o.Spec = []byte(`{"replicas":7}`) }); c != (change{tell: true}) {
		t.Errorf("other replicas: %+v", c)
	}
	if c := see(`{"readyReplicas":7}`, func(o *object) { o.Spec = []byte(`{"replicas":7}`) }); c != (change{tell: true}) {
		t.Errorf("ready: %+v", c)
	}
	if c := see(`{"readyReplicas":6}`, func(o *object) { o.Spec = []byte(`{"replicas":7}`) }); c != (change{tell: true, unready: true}) {
		t.Errorf("not ready any more: %+v", c)
	}
}
