package placement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// limit is a maximum for a Preference.
func limit(n int32) *int32 { return &n }

// prefer makes Preferences from names of clusters and what is wanted there.
func prefer(rebalance bool, clusters map[string]Preference) Preferences {
	return Preferences{Rebalance: rebalance, Clusters: clusters}
}

// even divides equally, and rebalances.
func even() Preferences { return prefer(true, map[string]Preference{"*": {Weight: 1}}) }

// ready makes members that are ready and have no copy.
func ready(names ...string) []Member {
	members := make([]Member, 0, len(names))
	for _, name := range names {
		members = append(members, Member{Name: name, Ready: true})
	}
	return members
}

// running makes members, a, b, c and so on, that run so many replicas each.
func running(replicas ...int32) []Member {
	members := make([]Member, 0, len(replicas))
	for i, n := range replicas {
		members = append(members, Member{Name: string(rune('a' + i)), Ready: true, Replicas: n, Running: n})
	}
	return members
}

// full makes the member of that name one that has room for so many replicas only.
func full(members []Member, name string, room int32) []Member {
	for i := range members {
		if m := &members[i]; m.Name == name {
			m.Replicas, m.Running, m.Unschedulable = room+1, room, 1
		}
	}
	return members
}

// away makes the members of those names ones that are not ready.
func away(members []Member, names ...string) []Member {
	for i := range members {
		for _, name := range names {
			members[i].Ready = members[i].Ready && members[i].Name != name
		}
	}
	return members
}

// replicas are those of all shares, by member.
func replicas(l Layout) map[string]int32 {
	got := map[string]int32{}
	for _, share := range l.Shares {
		got[share.Member] = share.Replicas
	}
	return got
}

// pending are those of all shares that have some, by member.
func pending(l Layout) map[string]int32 {
	got := map[string]int32{}
	for _, share := range l.Shares {
		if share.Pending != 0 {
			got[share.Member] = share.Pending
		}
	}
	return got
}

// The scenarios of federation v1's design document, with the layouts that it gives. Who gets the odd replica is up to the hash.
func TestPlanAsFederationV1Documents(t *testing.T) {
	anywhere := func(p Preference) map[string]Preference { return map[string]Preference{"*": p} }
	atMost20InC := prefer(true, map[string]Preference{"*": {Weight: 1}, "c": {Max: limit(20), Weight: 1}})
	mostlyA := prefer(false, map[string]Preference{"a": {Weight: 1000000}, "b": {Weight: 1}, "c": {Weight: 1}})
	stay := DefaultPreferences()
	abc := func() []Member { return ready("a", "b", "c") }
	tests := []struct {
		name        string
		preferences Preferences
		members     []Member
		want        map[string]int32
		unplaced    int32
	}{
		{"1: evenly", even(), abc(), map[string]int32{"a": 17, "b": 16, "c": 17}, 0},
		{"1: what one has no room for goes to the others", even(), full(abc(), "c", 6), map[string]int32{"a": 22, "b": 22, "c": 6}, 0},
		{"1: what is offline gets nothing", even(), away(abc(), "b", "c"), map[string]int32{"a": 50}, 0},
		{"2: two in each, by maximum", prefer(true, anywhere(Preference{Max: limit(2), Weight: 1})), abc(), map[string]int32{"a": 2, "b": 2, "c": 2}, 44},
		{"2: two in each, by minimum", prefer(true, anywhere(Preference{Min: 2})), abc(), map[string]int32{"a": 2, "b": 2, "c": 2}, 44},
		{"2: two in each, by both", prefer(true, anywhere(Preference{Min: 2, Max: limit(2)})), abc(), map[string]int32{"a": 2, "b": 2, "c": 2}, 44},
		{"3: minimums that are too many are met one by one", prefer(true, anywhere(Preference{Min: 20})), abc(), map[string]int32{"a": 20, "b": 10, "c": 20}, 0},
		{"4: a maximum that is not reached", atMost20InC, abc(), map[string]int32{"a": 17, "b": 16, "c": 17}, 0},
		{"4: a maximum that is", atMost20InC, away(abc(), "b"), map[string]int32{"a": 30, "c": 20}, 0},
		{"4: a maximum without anybody else", atMost20InC, away(abc(), "a", "b"), map[string]int32{"c": 20}, 30},
		{"5: a favourite", mostlyA, abc(), map[string]int32{"a": 50, "b": 0, "c": 0}, 0},
		{"5: a favourite that is full", mostlyA, full(abc(), "a", 40), map[string]int32{"a": 40, "b": 5, "c": 5}, 0},
		{"6: twice as many", prefer(false, map[string]Preference{"a": {Weight: 2}, "b": {Weight: 1}, "c": {Weight: 1}}), abc(),
			map[string]int32{"a": 25, "b": 12, "c": 13}, 0},
		{"7: what is there stays", stay, running(20, 0, 0), map[string]int32{"a": 20, "b": 15, "c": 15}, 0},
		{"7: what is there counts", stay, full(running(20, 0, 0), "c", 6), map[string]int32{"a": 22, "b": 22, "c": 6}, 0},
		{"7: more than its part stays, too", stay, full(running(30, 0, 0), "c", 6), map[string]int32{"a": 30, "b": 14, "c": 6}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := Plan("shop/web", 50, tt.preferences, tt.members)
			if diff := cmp.Diff(tt.want, replicas(l)); diff != "" {
				t.Errorf("replicas (-want +got):\n%s", diff)
			}
			if l.Unplaced != tt.unplaced {
				t.Errorf("%d are unplaced, want %d", l.Unplaced, tt.unplaced)
			}
		})
	}
}

func TestPlan(t *testing.T) {
	stay := DefaultPreferences()
	tests := []struct {
		name        string
		replicas    int32
		preferences Preferences
		members     []Member
		want        map[string]int32
	}{
		{"no replicas", 0, even(), running(3, 2), map[string]int32{"a": 0, "b": 0}},
		{"a negative number counts as none", -1, even(), running(3, 2), map[string]int32{"a": 0, "b": 0}},
		{"no members", 5, even(), nil, map[string]int32{}},
		{"weights", 60, prefer(true, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 2}}), ready("a", "b", "c"), map[string]int32{"a": 20, "b": 40, "c": 0}},
		{"nobody is starved of a whole part by rounding", 10, prefer(true, map[string]Preference{"a": {Weight: 3}, "b": {Weight: 3}, "c": {Weight: 3}, "d": {Weight: 1}}),
			ready("a", "b", "c", "d"), map[string]int32{"a": 3, "b": 3, "c": 3, "d": 1}},
		{"the weight's part comes on top of the minimum", 30, prefer(true, map[string]Preference{"a": {Min: 10, Weight: 1}, "b": {Weight: 1}}),
			ready("a", "b"), map[string]int32{"a": 20, "b": 10}},
		{"an own preference replaces that for all", 9, prefer(true, map[string]Preference{"*": {Weight: 1}, "a": {Weight: 0}}), ready("a", "b", "c"),
			map[string]int32{"a": 0, "b": 4, "c": 5}},
		{"maximums pass on what they refuse", 91, prefer(true, map[string]Preference{"a": {Weight: 10000, Max: limit(10)}, "b": {Weight: 1},
			"c": {Weight: 1, Max: limit(21)}, "d": {Weight: 1, Max: limit(10)}, "e": {Weight: 1}}), ready("a", "b", "c", "d", "e"),
			map[string]int32{"a": 10, "b": 25, "c": 21, "d": 10, "e": 25}},
		{"the weightiest minimum is met first", 50, prefer(true, map[string]Preference{"*": {Min: 20}, "a": {Min: 100, Weight: 1}}), ready("a", "b", "c"),
			map[string]int32{"a": 50, "b": 0, "c": 0}},
		{"whichever member has it", 50, prefer(true, map[string]Preference{"*": {Min: 20}, "b": {Min: 100, Weight: 1}}), ready("a", "b", "c"),
			map[string]int32{"a": 0, "b": 50, "c": 0}},
		{"a minimum that cannot be met keeps what runs", 50, prefer(false, map[string]Preference{"*": {Min: 30}}), running(25, 25), map[string]int32{"a": 25, "b": 25}},

		{"growing evens out", 15, stay, running(4, 8), map[string]int32{"a": 7, "b": 8}},
		{"growing moves nothing", 50, stay, running(0, 0, 30), map[string]int32{"a": 10, "b": 10, "c": 30}},
		{"shrinking takes from what is above its part only", 50, stay, running(10, 70), map[string]int32{"a": 10, "b": 40}},
		{"shrinking keeps the balance", 30, stay, running(20, 20, 20), map[string]int32{"a": 10, "b": 10, "c": 10}},
		{"shrinking follows weights", 30, prefer(false, map[string]Preference{"a": {Weight: 2}, "b": {Weight: 1}}), running(40, 20), map[string]int32{"a": 20, "b": 10}},
		{"shrinking does not go below minimums", 30, prefer(false, map[string]Preference{"a": {Min: 25}, "b": {Weight: 1}}), running(30, 30), map[string]int32{"a": 25, "b": 5}},
		{"the last one stays where it runs", 1, stay, running(30, 0), map[string]int32{"a": 1, "b": 0}},
		{"shrinking takes from those without weight", 15, prefer(false, map[string]Preference{"a": {}, "b": {Weight: 1}}), running(10, 10), map[string]int32{"a": 5, "b": 10}},
		{"those without weight shrink in proportion", 30, prefer(false, map[string]Preference{"*": {}}), running(40, 20), map[string]int32{"a": 20, "b": 10}},
		{"shrinking takes what does not run first", 40, stay, []Member{{Name: "a", Ready: true, Replicas: 30, Running: 10}, {Name: "b", Ready: true, Replicas: 30, Running: 30}},
			map[string]int32{"a": 10, "b": 30}},
		{"what does not run stays if it may", 50, stay, []Member{{Name: "a", Ready: true, Replicas: 30}, {Name: "b", Ready: true, Replicas: 20, Running: 20}},
			map[string]int32{"a": 30, "b": 20}},
		{"a lop-sided layout stays", 50, stay, running(41, 9), map[string]int32{"a": 41, "b": 9}},
		{"rebalance mends it", 50, even(), running(41, 9), map[string]int32{"a": 25, "b": 25}},
		{"a new member gets nothing without need", 50, stay, running(25, 25, 0), map[string]int32{"a": 25, "b": 25, "c": 0}},
		{"a minimum is a need", 50, prefer(false, map[string]Preference{"*": {Weight: 1}, "c": {Min: 4}}), running(25, 25, 0), map[string]int32{"a": 23, "b": 23, "c": 4}},
		{"a maximum is a need", 50, prefer(false, map[string]Preference{"*": {Weight: 1, Max: limit(30)}}), running(45, 5), map[string]int32{"a": 30, "b": 20}},
		{"a member that nobody wants any more is emptied", 50, prefer(false, map[string]Preference{"b": {Weight: 1}}), running(40, 10), map[string]int32{"a": 0, "b": 50}},
		{"a member that is away hands over its replicas", 30, stay, away(running(10, 10, 10), "c"), map[string]int32{"a": 15, "b": 15}},
		{"a member that comes back keeps its replicas", 30, stay, running(15, 15, 10), map[string]int32{"a": 10, "b": 10, "c": 10}},
		{"what cannot be divided stays where it is, in a", 4, even(), running(2, 1, 1), map[string]int32{"a": 2, "b": 1, "c": 1}},
		{"what cannot be divided stays where it is, in b", 4, even(), running(1, 2, 1), map[string]int32{"a": 1, "b": 2, "c": 1}},
		{"what cannot be divided stays where it is, in c", 4, even(), running(1, 1, 2), map[string]int32{"a": 1, "b": 1, "c": 2}},
		{"of equal remainders, that of the larger weight is first, in a", 2, prefer(true, map[string]Preference{"a": {Weight: 3}, "b": {Weight: 1}}), ready("a", "b"),
			map[string]int32{"a": 2, "b": 0}},
		{"of equal remainders, that of the larger weight is first, in b", 2, prefer(true, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 3}}), ready("a", "b"),
			map[string]int32{"a": 0, "b": 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := Plan("shop/web", tt.replicas, tt.preferences, tt.members)
			if diff := cmp.Diff(tt.want, replicas(l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanWhereThereIsNoRoom(t *testing.T) {
	full := func(replicas, unschedulable int32) Member {
		return Member{Ready: true, Replicas: replicas, Running: replicas - unschedulable, Unschedulable: unschedulable}
	}
	free := Member{Ready: true}
	tests := []struct {
		name          string
		replicas      int32
		preferences   Preferences
		a, b, c       Member
		want, pending map[string]int32
		unplaced      int32
	}{
		{"rebalance: what should be there waits there", 50, even(), free, free, full(17, 7),
			map[string]int32{"a": 20, "b": 20, "c": 10}, map[string]int32{"c": 7}, 0},
		{"rebalance: by weight", 60, prefer(true, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 2}}), free, full(11, 1), free,
			map[string]int32{"a": 50, "b": 10, "c": 0}, map[string]int32{"b": 30}, 0},
		{"rebalance: nobody else takes it", 50, prefer(true, map[string]Preference{"b": {Weight: 1}}), free, full(11, 1), free,
			map[string]int32{"a": 0, "b": 10, "c": 0}, map[string]int32{"b": 40}, 40},
		{"rebalance: a minimum waits, too", 60, prefer(true, map[string]Preference{"a": {Min: 20, Weight: 1}, "b": {Min: 20, Weight: 1}}), free, full(11, 1), free,
			map[string]int32{"a": 50, "b": 10, "c": 0}, map[string]int32{"b": 20}, 0},
		{"rebalance: of minimums that cannot all be met, the weightier waits", 50, prefer(true, map[string]Preference{"a": {Min: 100, Weight: 1}, "b": {Min: 20}}),
			full(11, 1), free, free, map[string]int32{"a": 10, "b": 20, "c": 0}, map[string]int32{"a": 40}, 20},
		{"nothing waits that runs elsewhere", 60, prefer(false, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 5}}), free, full(11, 1), free,
			map[string]int32{"a": 50, "b": 10, "c": 0}, map[string]int32{}, 0},
		{"what nobody has room for waits", 60, prefer(false, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 1}}), full(11, 1), full(20, 10), free,
			map[string]int32{"a": 10, "b": 10, "c": 0}, map[string]int32{"a": 20, "b": 20}, 40},
		{"what waits keeps to maximums", 60, prefer(false, map[string]Preference{"a": {Weight: 1, Max: limit(15)}, "b": {Weight: 1, Max: limit(12)}}),
			full(11, 1), full(20, 10), free, map[string]int32{"a": 10, "b": 10, "c": 0}, map[string]int32{"a": 5, "b": 2}, 40},
		{"a minimum without room waits", 60, prefer(false, map[string]Preference{"*": {Min: 20}}), free, full(11, 1), free,
			map[string]int32{"a": 20, "b": 10, "c": 20}, map[string]int32{"b": 10}, 10},
		{"no more waits than there is", 60, prefer(false, map[string]Preference{"a": {Min: 100}, "b": {Weight: 1, Max: limit(40)}}), full(11, 1), free, free,
			map[string]int32{"a": 10, "b": 40, "c": 0}, map[string]int32{"a": 10}, 10},
		{"of minimums without room, the weightier waits, a", 40, prefer(false, map[string]Preference{"a": {Min: 30, Weight: 2}, "b": {Min: 30, Weight: 1}}), full(11, 1), full(11, 1), free,
			map[string]int32{"a": 10, "b": 10, "c": 0}, map[string]int32{"a": 20}, 20},
		{"of minimums without room, the weightier waits, b", 40, prefer(false, map[string]Preference{"a": {Min: 30, Weight: 1}, "b": {Min: 30, Weight: 2}}), full(11, 1), full(11, 1), free,
			map[string]int32{"a": 10, "b": 10, "c": 0}, map[string]int32{"b": 20}, 20},
		{"the surplus of a rollout that has no room takes nothing from what runs", 8, DefaultPreferences(), Member{Ready: true, Replicas: 4, Running: 4, Unschedulable: 1},
			Member{Ready: true, Replicas: 4, Running: 4}, free, map[string]int32{"a": 4, "b": 4, "c": 0}, map[string]int32{}, 0},
		{"more unschedulable than there are means no room", 6, DefaultPreferences(), full(2, 5), free, free,
			map[string]int32{"a": 0, "b": 3, "c": 3}, map[string]int32{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.a.Name, tt.b.Name, tt.c.Name = "a", "b", "c"
			l := Plan("shop/web", tt.replicas, tt.preferences, []Member{tt.a, tt.b, tt.c})
			if diff := cmp.Diff(tt.want, replicas(l)); diff != "" {
				t.Errorf("replicas (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.pending, pending(l)); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
			if l.Unplaced != tt.unplaced {
				t.Errorf("%d are unplaced, want %d", l.Unplaced, tt.unplaced)
			}
		})
	}
}

func TestPlanSaysWhatItCouldNotDo(t *testing.T) {
	many := map[string]Preference{"*": {Weight: 1}}
	for _, name := range strings.Split("tatooine hoth endor naboo jakku bespin kamino", " ") {
		many[name] = Preference{Weight: 1}
	}
	tests := []struct {
		name        string
		replicas    int32
		preferences Preferences
		members     []Member
		want        []string
	}{
		{"nothing, if all is well", 9, even(), ready("a", "b"), nil},
		{"no members", 9, even(), nil, []string{"9 of 9 replicas are not placed: no member is selected"}},
		{"every reason", 99, prefer(true, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 1, Max: limit(2)}, "c": {Min: 1}}),
			away(full(ready("a", "b", "c", "d", "e"), "a", 4), "e"),
			[]string{"92 of 99 replicas are not placed: no room for more: a (4); at their maximum: b (2); without a weight: c; without a preference: d; not ready: e"}},
		{"a minimum", 10, prefer(true, map[string]Preference{"a": {Min: 8, Weight: 1}, "b": {Min: 8}}), ready("a", "b"),
			[]string{"fewer replicas than the minimum: b (2 of 8)"}},
		{"no minimum of what is scaled to nothing", 0, prefer(true, map[string]Preference{"a": {Min: 8, Weight: 1}}), ready("a", "b"), nil},
		{"names of no member, abridged", 10, prefer(true, many), ready("a", "b"),
			[]string{"the preferences name what is no member selected for the object: bespin, endor, hoth, jakku, kamino and 2 more"}},
		{"a member that is away is no stranger", 10, prefer(true, map[string]Preference{"a": {Weight: 1}, "b": {Weight: 1}}), away(ready("a", "b"), "b"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Plan("shop/web", tt.replicas, tt.preferences, tt.members).Notes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanSpreadsOddReplicasOverMembers(t *testing.T) {
	got := map[string]int{}
	for i := range 4000 {
		for _, share := range Plan(fmt.Sprintf("shop/web-%d", i), 1, even(), ready("a-1", "a-2", "a-3", "a-4")).Shares {
			got[share.Member] += int(share.Replicas)
		}
	}
	for member, n := range got {
		if n < 850 || n > 1150 {
			t.Errorf("%s got %d of 4000 single replicas, want about 1000", member, n)
		}
	}
}

func TestWantedIsAllThatTheCopyAsksFor(t *testing.T) {
	if got := (Share{Replicas: 10, Pending: 7}).Wanted(); got != 17 {
		t.Errorf("Wanted() = %d, want 17", got)
	}
}
