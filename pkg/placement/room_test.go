package placement

import (
	"math/rand/v2"
	"testing"
	"time"
)

// patience is how long a member looks on before it says that replicas have no room.
const patience = time.Minute

// cluster is a member of which it is known how much it can run.
type cluster struct {
	Member
	capacity int32
	remember Room
	since    time.Time // the copy has asked for so many replicas
}

// look is what the member shows of itself now.
func (c *cluster) look(now time.Time) Member {
	c.Running = min(c.Replicas, c.capacity)
	if c.Unschedulable = 0; now.Sub(c.since) >= patience {
		c.Unschedulable = c.Replicas - c.Running
	}
	c.remember = c.remember.After(&c.Member, now)
	c.Room = c.remember.Limit(now)
	return c.Member
}

// live plans again and again, and returns how many copies changed after the first half of the time.
func live(total int32, p Preferences, clusters []cluster, lasts time.Duration) (late int) {
	begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for now := begin; now.Before(begin.Add(lasts)); now = now.Add(patience / 2) {
		members := make([]Member, len(clusters))
		for i := range clusters {
			members[i] = clusters[i].look(now)
		}
		for i, share := range Plan("shop/web", total, p, members).Shares {
			c := &clusters[i]
			if share.Wanted() == c.Replicas {
				continue
			}
			c.Replicas, c.since = share.Wanted(), now
			if now.Sub(begin) > lasts/2 {
				late++
			}
		}
	}
	return late
}

func clustersFor(capacities ...int32) []cluster {
	all := make([]cluster, len(capacities))
	for i, capacity := range capacities {
		all[i] = cluster{Member: Member{Name: string(rune('a' + i)), Ready: true}, capacity: capacity}
	}
	return all
}

// scenery is a federation with members of which some have little room.
func scenery(random *rand.Rand) (capacities []int32, sum int32) {
	capacities = make([]int32, 2+random.IntN(5))
	for i := range capacities {
		capacities[i] = random.Int32N(12)
		sum += capacities[i]
	}
	return capacities, sum
}

// What fits runs in the end, and stays where it is, in whichever members there is no room.
func TestReplicasThatFitComeToRest(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 21))
		capacities, sum := scenery(random)
		total := random.Int32N(sum + 1)
		clusters := clustersFor(capacities...)
		changes := live(total, DefaultPreferences(), clusters, 4*time.Hour)
		var running int32
		for i := range clusters {
			running += clusters[i].Running
		}
		if changes > 0 || running != total {
			t.Errorf("seed %d: %d replicas over room for %v: %d run, and %d changes in the last two hours", seed, total, capacities, running, changes)
		}
	}
}

// With rebalance, or where they do not fit, members without room are tried again from time to time, and less and less.
func TestMembersWithoutRoomAreSeldomTriedAgain(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 22))
		capacities, sum := scenery(random)
		p := DefaultPreferences()
		p.Rebalance = random.IntN(2) == 0
		total := sum + random.Int32N(6)
		if p.Rebalance {
			total = random.Int32N(sum + 6)
		}
		const hours = 12
		clusters := clustersFor(capacities...)
		changes := live(total, p, clusters, 2*hours*time.Hour)
		if most := 4 * len(capacities) * hours; changes > most {
			t.Errorf("seed %d: rebalance %t, %d replicas over room for %v: %d changes in %d hours, want %d at most", seed, p.Rebalance, total, capacities, changes, hours, most)
		}
	}
}

func TestRoom(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	limit := func(r Room, after time.Duration) int32 {
		if l := r.Limit(noon.Add(after)); l != nil {
			return *l
		}
		return -1
	}
	full := Member{Replicas: 9, Running: 8, Unschedulable: 1}
	calm := Member{Replicas: 8, Running: 8}

	if got := limit(Room{}.After(&calm, noon), 0); got != -1 {
		t.Errorf("a member that never was full has a limit of %d", got)
	}
	r := Room{}.After(&full, noon)
	if got := limit(r, 9*time.Minute); got != 8 {
		t.Errorf("after 9 minutes the limit is %d, want 8", got)
	}
	if got := limit(r, 10*time.Minute); got != -1 {
		t.Errorf("after 10 minutes the limit is %d, want none", got)
	}
	if got := limit(r.After(&Member{Replicas: 12, Running: 11}, noon.Add(time.Minute)), 2*time.Minute); got != 11 {
		t.Errorf("of a member that runs 11 the limit is %d", got)
	}
	if got := limit(r.After(&Member{Replicas: 12, Running: 3}, noon.Add(time.Minute)), 2*time.Minute); got != 8 {
		t.Errorf("of a member that is given 12 and runs 3 the limit is %d, want what it was", got)
	}

	again := r.After(&calm, noon.Add(11*time.Minute)).After(&full, noon.Add(12*time.Minute))
	if got := limit(again, 31*time.Minute); got != 8 {
		t.Errorf("found full again, it counts %d after 19 minutes, want 8: twice as long", got)
	}
	for i := range 10 { // each time when it has just stopped to count
		again = again.After(&full, noon.Add(time.Duration(i+1)*2*time.Hour))
		again = again.After(&calm, noon.Add(time.Duration(i+1)*2*time.Hour+61*time.Minute))
	}
	if got := limit(again, 20*time.Hour+61*time.Minute); got != -1 {
		t.Errorf("it counts for more than an hour: %d", got)
	}
	forgotten := r.After(&calm, noon.Add(21*time.Minute)).After(&full, noon.Add(22*time.Minute))
	if got := limit(forgotten, 33*time.Minute); got != -1 {
		t.Errorf("long after, it counts as long as the first time: %d", got)
	}
}
