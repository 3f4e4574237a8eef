package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// JobSize is how large a Job is, with the defaults of Kubernetes filled in.
type JobSize struct {
	Parallelism int32
	Completions *int32 // nil: the pods themselves know when all is done
	Indexed     bool   // its completionMode
}

// JobLayout is where the parts of a Job go.
type JobLayout struct {
	// Shares has one for every member that gets a part of the Job, in the order of the members given.
	Shares []JobShare
	// Unplaced is how many completions no member can take; of a Job without completions, how much parallelism.
	Unplaced int32
	// Notes says, a sentence each, what could not be met, and why. It is meant for the user.
	Notes []string
}

// JobShare is the part of a Job that one member gets.
type JobShare struct {
	Member      string
	Parallelism int32
	Completions *int32 // nil if those of the Job are
}

// PlanJob divides a Job among the members that are ready. Preferences divide the parallelism; completions follow it, so that
// members end at about the same time. Where completions go, parallelism is at least 1, unless that of the Job is 0: then
// nothing new is placed, since nothing shows yet how to divide it.
//
// Of a member, Replicas is the completions that its copy has (0: there is none). They cannot be changed in Kubernetes, so a
// copy keeps them, and what a member has that is no longer ready goes to members that have no copy. Only copies that are more
// than the Job needs, since a member came back, get nothing: the least running first.
//
// An Indexed Job goes to one member as a whole: each part of a divided one would count from 0.
func PlanJob(key string, size JobSize, p Preferences, members []Member) JobLayout {
	if size.Completions == nil {
		return planUncounted(key, size.Parallelism, p, members)
	}
	j := &job{
		parallelism: int64(max(size.Parallelism, 0)), unplaced: int64(max(*size.Completions, 0)),
		free: make([]slot, 0, len(members)),
	}
	for i := range members {
		m := &members[i]
		preference, _, wanted := p.of(m.Name)
		if !m.Ready || !wanted && m.Replicas <= 0 {
			continue
		}
		s := newSlot(key, m, preference, i)
		s.room, s.settled = unlimited, int64(m.Replicas)
		if s.settled > 0 {
			j.copies = append(j.copies, s)
		} else if s.max > 0 && (s.weight > 0 || s.min > 0) {
			j.free = append(j.free, s)
		}
	}
	j.keepCopies()
	if j.parallelism > 0 && j.unplaced > 0 {
		j.choose(size.Indexed)
	}
	return j.layout(p, *size.Completions)
}

// planUncounted divides a Job whose completions nobody counts: only parallelism matters. A Job stops the pods that are more than its
// parallelism, so that it is moved only if the preferences say so.
func planUncounted(key string, parallelism int32, p Preferences, members []Member) JobLayout {
	anywhere := slices.Clone(members)
	for i := range anywhere {
		anywhere[i].Unschedulable, anywhere[i].Room = 0, nil // pods of a Job wait for room
	}
	plan := Plan(key, parallelism, p, anywhere)
	l := JobLayout{Unplaced: plan.Unplaced, Notes: plan.Notes}
	for _, share := range plan.Shares {
		if share.Replicas > 0 {
			l.Shares = append(l.Shares, JobShare{Member: share.Member, Parallelism: share.Replicas})
		}
	}
	return l
}

// job is one with completions, while it is divided.
type job struct {
	parallelism int64
	unplaced    int64  // completions
	copies      []slot // of members that have a part; settled is its completions
	free        []slot // of members that could take one
}

// keepCopies leaves copies what they have, as long as the Job needs it.
func (j *job) keepCopies() {
	slices.SortFunc(j.copies, func(a, b slot) int { return cmp.Or(cmp.Compare(b.running, a.running), byRank(&a, &b)) })
	kept := j.copies[:0]
	for _, s := range j.copies {
		if s.settled <= j.unplaced {
			j.unplaced -= s.settled
			kept = append(kept, s)
		}
	}
	j.copies = kept
}

// choose gives the completions that are not placed to free members that would get parallelism, at least one each.
func (j *job) choose(whole bool) {
	if len(j.free) == 0 || whole && len(j.copies) > 0 {
		return
	}
	all := slices.Concat(j.copies, j.free)
	spread(all, j.parallelism, true)
	chosen := slices.DeleteFunc(all, func(s slot) bool { return s.settled > 0 })
	slices.SortFunc(chosen, func(a, b slot) int {
		return cmp.Or(cmp.Compare(b.given, a.given), cmp.Compare(b.weight, a.weight), byRank(&a, &b))
	})
	parts := 1 // even where copies have all the parallelism, somebody has to do the rest
	for parts < len(chosen) && chosen[parts].given > 0 {
		parts++
	}
	if whole {
		parts = 1
	}
	chosen = chosen[:min(int64(parts), j.unplaced)]
	for i := range chosen {
		s := &chosen[i]
		s.min, s.lo, s.hi, s.weight = 0, 1, unlimited, max(s.given, 1)
	}
	j.unplaced = fill(chosen, j.unplaced)
	for _, s := range chosen {
		s.settled = s.given
		j.copies = append(j.copies, s)
	}
}

// run divides the parallelism among all copies, at least 1 for each, and returns what is left of it.
func (j *job) run(p Preferences) (left int64) {
	if j.parallelism == 0 {
		for i := range j.copies {
			j.copies[i].given = 0
		}
		return 0
	}
	var minimum int64
	for i := range j.copies {
		s := &j.copies[i]
		preference, _, _ := p.of(s.name)
		s.weight, s.hi = int64(preference.Weight), max(s.max, 1)
		s.min = min(int64(preference.Min), s.hi)
		s.lo = max(s.min, 1)
		minimum += s.lo
	}
	if minimum > j.parallelism { // not all minimums can be met: weights decide
		for i := range j.copies {
			j.copies[i].min, j.copies[i].lo = 0, 1
		}
	}
	return fill(j.copies, max(j.parallelism, int64(len(j.copies))))
}

// layout divides the parallelism and says what came of it all.
func (j *job) layout(p Preferences, completions int32) JobLayout {
	left := j.run(p)
	slices.SortFunc(j.copies, func(a, b slot) int { return cmp.Compare(a.at, b.at) })
	l := JobLayout{Unplaced: count(j.unplaced), Shares: make([]JobShare, len(j.copies))}
	parts := make([]int32, len(j.copies))
	for i := range j.copies {
		s := &j.copies[i]
		parts[i] = count(s.settled)
		l.Shares[i] = JobShare{Member: s.name, Parallelism: count(s.given), Completions: &parts[i]}
	}
	note := func(format string, args ...any) { l.Notes = append(l.Notes, fmt.Sprintf(format, args...)) }
	if j.parallelism == 0 {
		note("the parallelism is 0: nothing runs, and completions without a member get one when it is more")
	} else if j.unplaced > 0 {
		note("%d of %d completions are not placed: Jobs that members have cannot be given more, and no other member that is ready may take some",
			j.unplaced, completions)
	}
	if over := int64(len(j.copies)) - j.parallelism; over > 0 && j.parallelism > 0 {
		note("%d more run in parallel than asked for: each of %d members has completions to run, one at a time", over, len(j.copies))
	}
	if left > 0 && len(j.copies) > 0 {
		note("the parallelism is %d instead of %d: of members with a part of the Job, %s", j.parallelism-left, j.parallelism, j.limits())
	}
	return l
}

// limits says what keeps copies from running more in parallel.
func (j *job) limits() string {
	var atMaximum, unweighted []string
	for i := range j.copies {
		if s := &j.copies[i]; s.given >= s.hi {
			atMaximum = append(atMaximum, fmt.Sprintf("%s (%d)", s.name, s.hi))
		} else {
			unweighted = append(unweighted, s.name)
		}
	}
	var said []string
	for _, limit := range []struct {
		what  string
		names []string
	}{{"at their maximum: ", atMaximum}, {"without a weight: ", unweighted}} {
		if len(limit.names) > 0 {
			said = append(said, limit.what+abridge(limit.names))
		}
	}
	return strings.Join(said, "; ")
}
