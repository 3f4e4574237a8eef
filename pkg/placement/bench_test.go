package placement

import (
	"fmt"
	"testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// thousand are members of three zones that run what each runs of 10,000 replicas.
func thousand(each func(i int) int32) []Member {
	members := make([]Member, 1000)
	for i := range members {
		members[i] = Member{Name: fmt.Sprintf("member-%04d", i), Ready: true, Labels: map[string]string{"zone": string(rune('a' + i%3))}}
		members[i].Replicas = each(i)
		members[i].Running = members[i].Replicas
	}
	return members
}

func BenchmarkPlan(b *testing.B) {
	own := prefer(true, map[string]Preference{})
	staggered := prefer(true, map[string]Preference{})
	for i := range 1000 {
		name := fmt.Sprintf("member-%04d", i)
		own.Clusters[name] = Preference{Min: int32(i % 3), Max: limit(int32(5 + i%20)), Weight: int32(1 + i%7)}
		staggered.Clusters[name] = Preference{Max: limit(int32(1 + i/50)), Weight: int32(1 + i)} // every level pins some
	}
	none := func(int) int32 { return 0 }
	lopsided := func(i int) int32 { return int32(i % 40) }
	short := thousand(func(int) int32 { return 11 })
	for i := range short {
		short[i].Unschedulable = int32(i % 5)
	}
	for _, bench := range []struct {
		name    string
		p       Preferences
		members []Member
	}{
		{"new", DefaultPreferences(), thousand(none)},
		{"settled", DefaultPreferences(), thousand(func(int) int32 { return 10 })},
		{"shrinking", DefaultPreferences(), thousand(lopsided)},
		{"rebalance", even(), thousand(lopsided)},
		{"own-preferences", own, thousand(none)},
		{"staggered-maximums", staggered, thousand(none)},
		{"room-runs-out", even(), short},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Plan("shop/web", 10000, bench.p, bench.members)
			}
		})
	}
}

func BenchmarkPlanTenMembers(b *testing.B) {
	members := thousand(func(int) int32 { return 10 })[:10]
	p := DefaultPreferences()
	b.ReportAllocs()
	for b.Loop() {
		Plan("shop/web", 100, p, members)
	}
}

func BenchmarkPlanJob(b *testing.B) {
	members := thousand(func(int) int32 { return 0 })
	size := counted(10000, 50000)
	p := DefaultPreferences()
	b.ReportAllocs()
	for b.Loop() {
		PlanJob("shop/report", size, p, members)
	}
}

func BenchmarkPlanBounds(b *testing.B) {
	members := thousand(func(i int) int32 { return int32(i % 20) })
	b.ReportAllocs()
	for b.Loop() {
		PlanBounds("shop/web", 2000, 10000, members)
	}
}

func BenchmarkSelect(b *testing.B) {
	members := thousand(func(int) int32 { return 0 })
	o := annotated(fedv1beta1.AnnotationV1ClusterSelector, `[{"key":"zone","operator":"In","values":["a","b"]}]`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Select(o, members); err != nil {
			b.Fatal(err)
		}
	}
}
