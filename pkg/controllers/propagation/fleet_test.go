package propagation

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// cluster is a Cluster that has been Ready, or not, for an hour; "" has no condition.
func cluster(name string, ready metav1.ConditionStatus) *fedv1beta1.Cluster {
	c := &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"name": name}, CreationTimestamp: metav1.NewTime(noon.Add(-24 * time.Hour))}}
	if ready != "" {
		c.Status.UID = "uid"
		c.Status.Conditions = []metav1.Condition{{
			Type: fedv1beta1.ClusterReady, Status: ready, Message: "because", LastTransitionTime: metav1.NewTime(noon.Add(-time.Hour)),
		}}
	}
	return c
}

func TestMemberOf(t *testing.T) {
	never := cluster("gondor", metav1.ConditionFalse)
	never.Status.UID = ""
	leaving := cluster("gondor", metav1.ConditionTrue)
	leaving.Annotations = map[string]string{fedv1beta1.AnnotationLeaving: fedv1beta1.LeavingKeep}
	tests := []struct {
		name    string
		cluster *fedv1beta1.Cluster
		want    *member
	}{
		{name: "a member that is Ready", cluster: cluster("gondor", metav1.ConditionTrue), want: &member{proven: true, ready: true, why: "because", since: noon.Add(-time.Hour)}},
		{name: "a member that was Ready once is proven", cluster: cluster("gondor", metav1.ConditionFalse), want: &member{proven: true, why: "because", since: noon.Add(-time.Hour)}},
		{name: "a Cluster that never was Ready is not proven", cluster: never, want: &member{why: "because", since: noon.Add(-time.Hour)}},
		{name: "nor is one that was not asked yet", cluster: cluster("gondor", ""), want: &member{why: "the member was not asked yet", since: noon.Add(-24 * time.Hour)}},
		{name: "a Cluster that leaves is no member", cluster: leaving},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want != nil {
				tt.want.name, tt.want.labels = tt.cluster.Name, tt.cluster.Labels
			}
			if diff := cmp.Diff(tt.want, memberOf(tt.cluster), cmp.AllowUnexported(member{})); diff != "" {
				t.Errorf("memberOf (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	is := func(name string, change ...func(*member)) member {
		m := member{name: name, labels: map[string]string{"name": name}, proven: true, ready: true}
		for _, c := range change {
			c(&m)
		}
		return m
	}
	label := func(m *member) { m.labels = map[string]string{"name": "another"} }
	unready := func(m *member) { m.ready = false }
	away := func(m *member) { m.ready, m.away = false, true }
	back := func(m *member) { m.back = noon }
	told := func(m *member) { m.why = "for another reason" }
	tests := []struct {
		name        string
		before, now []member
		want        change
	}{
		{name: "nothing has changed", before: []member{is("a")}, now: []member{is("a")}},
		{name: "a word that changes is no change", before: []member{is("a")}, now: []member{is("a", told)}},
		{name: "one joins", before: []member{is("b")}, now: []member{is("a"), is("b")}, want: change{joined: []string{"a"}, ready: []string{"a"}, labelled: true, placement: true}},
		{name: "one leaves", before: []member{is("a"), is("b")}, now: []member{is("b")}, want: change{left: []string{"a"}, labelled: true, placement: true}},
		{name: "a label changes", before: []member{is("a")}, now: []member{is("a", label)}, want: change{labelled: true, placement: true}},
		{name: "within the grace, plans stand", before: []member{is("a")}, now: []member{is("a", unready)}, want: change{ready: []string{"a"}}},
		{name: "after it they do not", before: []member{is("a", unready)}, now: []member{is("a", away)}, want: change{placement: true}},
		{name: "who is back is planned for", before: []member{is("a", away)}, now: []member{is("a", back)}, want: change{ready: []string{"a"}, placement: true}},
		{name: "and again when that is long ago", before: []member{is("a", back)}, now: []member{is("a")}, want: change{placement: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := compare(newFleet(tt.before), newFleet(tt.now))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(change{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("change (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelects(t *testing.T) {
	f := newFleet([]member{{name: "a", labels: map[string]string{"side": "south"}}, {name: "b"}, {name: "c", labels: map[string]string{"side": "south"}}})
	for selector, want := range map[string][]int{
		"":                                     {0, 1, 2},
		"[]":                                   {0, 1, 2},
		`[{"key":"side","operator":"Exists"}]`: {0, 2},
		`[{"key":"side","operator":"DoesNotExist"}]`: {1},
		"malformed": {0, 1, 2}, // who may have it
	} {
		got := f.selects(selector)
		if !slices.Equal(got.all, want) {
			t.Errorf("%q selects %v, want %v", selector, got.all, want)
		}
		for i := range f.members {
			if got.in[i] != slices.Contains(want, i) {
				t.Errorf("%q selects %d: %t", selector, i, got.in[i])
			}
		}
		if f.selects(selector) != got {
			t.Errorf("%q is evaluated again", selector)
		}
	}
}

// A member goes, its replicas with it, and comes back; everybody is told once.
func TestFailOverAndBack(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	c := &Controller{o: Options{Events: recorder, FailoverGrace: time.Minute, FailoverPercent: 34}}
	var told []string
	fleet := newFleet(nil)
	var again time.Time
	step := func(now time.Time, readiness ...metav1.ConditionStatus) []member {
		clusters := map[string]*fedv1beta1.Cluster{}
		var all []member
		for i, ready := range readiness {
			is := cluster(string(rune('a'+i)), ready)
			clusters[is.Name] = is
			all = append(all, *memberOf(is))
		}
		again = c.failOver(all, fleet, now, clusters, &told)
		fleet = newFleet(all)
		return all
	}
	const yes, no = metav1.ConditionTrue, metav1.ConditionFalse
	step(noon, yes, yes, yes)
	if all := step(noon, yes, no, yes); !all[1].away || all[0].away {
		t.Errorf("b has been gone for an hour, and the members are %+v", all)
	}
	step(noon, yes, no, yes)
	if all := step(noon, yes, no, no); !slices.Equal(told, []string{"b", "c"}) || all[1].away || all[2].away {
		t.Errorf("with two that went at once, %v are told and the members are %+v", told, all)
	}
	step(noon, yes, no, no)
	step(noon, yes, no, yes)
	if all := step(noon, yes, yes, yes); !all[1].back.Equal(noon) || all[0].back.Equal(noon) {
		t.Errorf("b is back, and the members are %+v", all)
	}
	if want := noon.Add(returning); !again.Equal(want) {
		t.Errorf("b is back, and they are looked at again at %s, want %s", again, want)
	}
	if all := step(noon.Add(returning-time.Second), yes, yes, yes); !all[1].back.Equal(noon) {
		t.Errorf("b is back for a while, and the members are %+v", all)
	}
	if want := noon.Add(returning); !again.Equal(want) {
		t.Errorf("b is back for a while, and they are looked at again at %s, want %s", again, want)
	}
	if all := step(noon.Add(returning), yes, yes, yes); !all[1].back.IsZero() {
		t.Errorf("b is back for long, and the members are %+v", all)
	}
	if !again.IsZero() {
		t.Errorf("nothing will change by itself, and they are looked at again at %s", again)
	}
	close(recorder.Events)
	var reasons []string
	for e := range recorder.Events {
		reasons = append(reasons, e)
	}
	if len(reasons) != 4 { // b fails over, b and c are held, b fails over again
		t.Fatalf("events: %q", reasons)
	}
	for _, way := range []string{"fedhelm unjoin", "--failover-limit"} {
		if !strings.Contains(reasons[1], "FailoverHeld") || !strings.Contains(reasons[1], way) {
			t.Errorf("event %q names no way out by %s", reasons[1], way)
		}
	}
}

// One is back, and the grace of another ends before the first has been back for long.
func TestFailOverLooksAgainAtWhatComesFirst(t *testing.T) {
	c := &Controller{o: Options{Events: events.NewFakeRecorder(10), FailoverGrace: time.Hour + time.Minute, FailoverPercent: 34}}
	before := newFleet([]member{{name: "a", away: true}, {name: "b", ready: true}})
	for now, want := range map[time.Time]time.Time{
		noon:                       noon.Add(time.Minute), // b's grace
		noon.Add(-2 * time.Minute): noon.Add(time.Minute),
		noon.Add(-returning):       noon, // a has been back for long
	} {
		var told []string
		all := []member{*memberOf(cluster("a", metav1.ConditionTrue)), *memberOf(cluster("b", metav1.ConditionFalse))}
		if got := c.failOver(all, before, now, nil, &told); !got.Equal(want) {
			t.Errorf("at %s: look again at %s, want %s", now, got, want)
		}
	}
}
