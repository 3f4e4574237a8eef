package placement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parts writes the shares of a Job as MEMBER:PARALLELISM/COMPLETIONS.
func parts(l JobLayout) []string {
	var got []string
	for _, share := range l.Shares {
		part := fmt.Sprintf("%s:%d", share.Member, share.Parallelism)
		if share.Completions != nil {
			part += fmt.Sprintf("/%d", *share.Completions)
		}
		got = append(got, part)
	}
	return got
}

func counted(parallelism, completions int32) JobSize {
	return JobSize{Parallelism: parallelism, Completions: &completions}
}

func TestPlanJob(t *testing.T) {
	abc := ready("a", "b", "c")
	weighted := prefer(false, map[string]Preference{"a": {Weight: 3}, "b": {Weight: 1}})
	indexed := counted(4, 9)
	indexed.Indexed = true
	tests := []struct {
		name        string
		size        JobSize
		preferences Preferences
		members     []Member
		want        []string
		unplaced    int32
		notes       []string
	}{
		{"evenly", counted(6, 12), DefaultPreferences(), abc, []string{"a:2/4", "b:2/4", "c:2/4"}, 0, nil},
		{"completions follow parallelism", counted(8, 20), weighted, abc, []string{"a:6/15", "b:2/5"}, 0, nil},
		{"no completions go where nothing runs in parallel", counted(2, 9), DefaultPreferences(), abc, []string{"b:1/5", "c:1/4"}, 0, nil},
		{"nothing runs in parallel where there are no completions", counted(9, 2), DefaultPreferences(), abc, []string{"b:5/1", "c:4/1"}, 0, nil},
		{"a single pod", counted(1, 1), DefaultPreferences(), abc, []string{"b:1/1"}, 0, nil},
		{"no completions", counted(3, 0), DefaultPreferences(), abc, nil, 0, nil},
		{"a maximum limits the parallelism alone", counted(8, 20), prefer(false, map[string]Preference{"*": {Weight: 1, Max: limit(1)}}), abc,
			[]string{"a:1/6", "b:1/7", "c:1/7"}, 0, []string{"the parallelism is 3 instead of 8: of members with a part of the Job, at their maximum: a (1), b (1), c (1)"}},
		{"a member without room takes its part all the same", counted(4, 8), DefaultPreferences(), []Member{{Name: "a", Ready: true, Unschedulable: 3}, {Name: "b", Ready: true}},
			[]string{"a:2/4", "b:2/4"}, 0, nil},
		{"nobody may take it", counted(4, 8), prefer(false, map[string]Preference{}), abc, nil, 8,
			[]string{"8 of 8 completions are not placed: Jobs that members have cannot be given more, and no other member that is ready may take some"}},
		{"a maximum of 0", counted(4, 8), prefer(false, map[string]Preference{"*": {Weight: 1, Max: limit(0)}}), abc, nil, 8,
			[]string{"8 of 8 completions are not placed: Jobs that members have cannot be given more, and no other member that is ready may take some"}},
		{"a single completion goes to the larger weight, a", counted(2, 1), prefer(false, map[string]Preference{"a": {Weight: 3}, "b": {Weight: 2}}), abc, []string{"a:2/1"}, 0, nil},
		{"a single completion goes to the larger weight, b", counted(2, 1), prefer(false, map[string]Preference{"a": {Weight: 2}, "b": {Weight: 3}}), abc, []string{"b:2/1"}, 0, nil},
		{"parallelism 0 places nothing new", counted(0, 8), DefaultPreferences(), abc, nil, 8,
			[]string{"the parallelism is 0: nothing runs, and completions without a member get one when it is more"}},
		{"parallelism 0 stops what there is", counted(0, 8), DefaultPreferences(), running(5, 3), []string{"a:0/5", "b:0/3"}, 0,
			[]string{"the parallelism is 0: nothing runs, and completions without a member get one when it is more"}},

		{"a copy keeps its completions", counted(4, 8), weighted, running(2, 6), []string{"a:3/2", "b:1/6"}, 0, nil},
		{"whose parallelism only members with a weight have", counted(9, 8), prefer(false, map[string]Preference{"a": {Weight: 1, Max: limit(3)}}), running(2, 6), []string{"a:3/2", "b:1/6"}, 0,
			[]string{"the parallelism is 4 instead of 9: of members with a part of the Job, at their maximum: a (3); without a weight: b"}},
		{"a copy keeps them when its preferences are gone", counted(4, 8), prefer(false, map[string]Preference{"a": {Weight: 1}}), running(2, 6),
			[]string{"a:3/2", "b:1/6"}, 0, nil},
		{"less parallelism leaves each copy one", counted(1, 8), DefaultPreferences(), running(2, 6), []string{"a:1/2", "b:1/6"}, 0,
			[]string{"1 more run in parallel than asked for: each of 2 members has completions to run, one at a time"}},
		{"what a member away had goes to one without a copy", counted(4, 12), DefaultPreferences(), away(running(6, 6, 0), "b"), []string{"a:2/6", "c:2/6"}, 0, nil},
		{"even if no parallelism would be left for it", counted(1, 12), DefaultPreferences(), away(running(6, 6, 0), "b"), []string{"a:1/6", "c:1/6"}, 0,
			[]string{"1 more run in parallel than asked for: each of 2 members has completions to run, one at a time"}},
		{"and to no more members than parallelism is left for", counted(2, 12), prefer(false, map[string]Preference{"*": {Weight: 1}, "a": {Weight: 3}}), running(6, 0, 0),
			[]string{"a:1/6", "b:1/6"}, 0, nil},
		{"a copy cannot be given more", counted(4, 12), DefaultPreferences(), away(running(6, 6), "b"), []string{"a:4/6"}, 6,
			[]string{"6 of 12 completions are not placed: Jobs that members have cannot be given more, and no other member that is ready may take some"}},
		{"who comes back too late gets nothing", counted(4, 12), DefaultPreferences(), []Member{{Name: "a", Ready: true, Replicas: 6, Running: 2},
			{Name: "b", Ready: true, Replicas: 6}, {Name: "c", Ready: true, Replicas: 6, Running: 1}}, []string{"a:2/6", "c:2/6"}, 0, nil},

		{"an Indexed one is not divided", indexed, prefer(false, map[string]Preference{"*": {Weight: 1}, "b": {Weight: 2}}), abc, []string{"b:4/9"}, 0, nil},
		{"not even if its copy has too few", indexed, DefaultPreferences(), running(0, 5, 0), []string{"b:4/5"}, 4,
			[]string{"4 of 9 completions are not placed: Jobs that members have cannot be given more, and no other member that is ready may take some"}},
		{"and stays where it is", indexed, DefaultPreferences(), running(0, 9, 0), []string{"b:4/9"}, 0, nil},
		{"without completions, parallelism is divided", JobSize{Parallelism: 5}, weighted, abc, []string{"a:4", "b:1"}, 0, nil},
		{"and stays with those whose pods run", JobSize{Parallelism: 4}, DefaultPreferences(), running(4, 0), []string{"a:4"}, 0, nil},
		{"more of it goes to who has less", JobSize{Parallelism: 6}, DefaultPreferences(), running(3, 0), []string{"a:3", "b:3"}, 0, nil},
		{"and all by the preferences if they say rebalance", JobSize{Parallelism: 4}, even(), running(4, 0), []string{"a:2", "b:2"}, 0, nil},
		{"and room does not matter", JobSize{Parallelism: 4}, DefaultPreferences(), full(ready("a", "b"), "a", 0), []string{"a:2", "b:2"}, 0, nil},
		{"without completions, nobody may take it", JobSize{Parallelism: 5}, prefer(false, nil), ready("a"), nil, 5,
			[]string{"5 of 5 replicas are not placed: without a preference: a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := PlanJob("shop/report", tt.size, tt.preferences, tt.members)
			if got := parts(l); !slices.Equal(got, tt.want) || l.Unplaced != tt.unplaced {
				t.Errorf("%v and %d unplaced, want %v and %d", got, l.Unplaced, tt.want, tt.unplaced)
			}
			if diff := cmp.Diff(tt.notes, l.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

// checkJob plans a Job and checks what must hold of every plan.
func checkJob(t *testing.T, size JobSize, p Preferences, members []Member) JobLayout {
	t.Helper()
	l := PlanJob("shop/report", size, p, members)
	fail := func(what string) { t.Errorf("%s: %+v, %+v\nof %+v\nis %v %+v", what, size, p, members, parts(l), l) }
	completions, parallelism, copies := int64(l.Unplaced), int64(0), 0
	for _, share := range l.Shares {
		m := members[slices.IndexFunc(members, func(m Member) bool { return m.Name == share.Member })]
		preference, _, wanted := p.of(share.Member)
		completions += int64(*share.Completions)
		parallelism += int64(share.Parallelism)
		if m.Replicas > 0 {
			copies++
		}
		switch {
		case !m.Ready:
			fail(share.Member + " is not ready")
		case !wanted && m.Replicas == 0:
			fail(share.Member + " is not wanted by the preferences")
		case *share.Completions < 1:
			fail(share.Member + " has no completions")
		case m.Replicas > 0 && m.Replicas != *share.Completions:
			fail(share.Member + " has completions that cannot be changed")
		case size.Parallelism > 0 && share.Parallelism < 1:
			fail(share.Member + " cannot complete")
		case preference.Max != nil && share.Parallelism > max(*preference.Max, 1):
			fail(share.Member + " is over its maximum")
		}
	}
	if completions != int64(*size.Completions) {
		fail("completions get lost, or more")
	}
	if over := parallelism - int64(size.Parallelism); over > 0 && (copies == 0 || parallelism > int64(len(l.Shares))) {
		fail("too many run in parallel")
	}
	if size.Indexed && copies == 0 && len(l.Shares) > 1 {
		fail("an Indexed Job is divided")
	}
	return l
}

func jobScene(random *rand.Rand) (JobSize, Preferences, []Member) {
	total, p, members := scene(random)
	size := counted(random.Int32N(20), total)
	size.Indexed = random.IntN(5) == 0
	if random.IntN(2) == 0 {
		for i := range members {
			members[i].Replicas, members[i].Running = 0, 0
		}
	}
	return size, p, members
}

func TestEveryJob(t *testing.T) {
	for seed := range uint64(20000) {
		random := rand.New(rand.NewPCG(seed, 6))
		size, p, members := jobScene(random)
		l := checkJob(t, size, p, members)
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		want, got := parts(l), parts(PlanJob("shop/report", size, p, members))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("another order of members makes another plan:\n%s", diff)
		}
		for i := range members {
			if members[i].Ready {
				members[i].Replicas = 0
			}
			for _, share := range l.Shares {
				if share.Member == members[i].Name {
					members[i].Replicas = *share.Completions
				}
			}
		}
		if l.Unplaced == 0 {
			got = parts(PlanJob("shop/report", size, p, members))
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" && size.Parallelism >= int32(len(l.Shares)) {
				t.Errorf("the plan does not last when it has come true:\n%s", diff)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzPlanJob(f *testing.F) {
	f.Add(uint64(1), int32(5), int32(100))
	f.Add(uint64(2), int32(2147483647), int32(2147483647))
	f.Fuzz(func(t *testing.T, seed uint64, parallelism, completions int32) {
		size, p, members := jobScene(rand.New(rand.NewPCG(seed, 7)))
		completions = max(completions, 0)
		size.Parallelism, size.Completions = max(parallelism, 0), &completions
		checkJob(t, size, p, members)
	})
}
