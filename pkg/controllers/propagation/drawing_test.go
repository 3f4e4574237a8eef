package propagation

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

var (
	deployments = kinds.Kind{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true, Divided: kinds.Replicas, Status: true}
	jobs        = kinds.Kind{Group: "batch", Version: "v1", Resource: "jobs", Kind: "Job", Namespaced: true, Divided: kinds.Job, Status: true}
	scalers     = kinds.Kind{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true, Divided: kinds.Bounds, Status: true}
)

// held is a copy whose numbers are known.
func held(replicas, running int32) copied {
	return copied{known: true, there: true, replicas: replicas, running: running}
}

var none = copied{known: true}

// drawn begins a drawing for members a, b, c, of which some are away or back.
func drawn(k kinds.Kind, share shape.Share, copies ...copied) *drawing {
	members := make([]member, len(copies))
	d := &drawing{kind: k, source: &source{key: keyOf(k, "shop", "web"), divided: k.Divided, wanted: wanted{share: share}}, copies: copies}
	for i := range copies {
		members[i] = member{name: string(rune('a' + i)), proven: true, ready: true}
		d.selected = append(d.selected, i)
	}
	d.roster = newFleet(members).roster
	return d
}

func (d *drawing) away(i int) *drawing {
	d.roster.placed[i].Ready = false
	return d
}

func (d *drawing) back(i int) *drawing {
	d.roster.back[i] = noon
	return d
}

// text is a plan as a table: what is wished of each member.
func text(p *plan) map[string]string {
	said := map[string]string{}
	for _, name := range p.roster.names {
		part, known := p.of(name)
		switch {
		case part != nil:
			said[name] = describe(part, p.divided)
		case known:
			said[name] = "absent"
		default:
			said[name] = "left alone"
		}
	}
	return said
}

func describe(p *part, d kinds.Divided) string {
	s := p.share(d)
	say := func(n *int32) string {
		if n == nil {
			return "-"
		}
		return strconv.Itoa(int(*n))
	}
	var out string
	switch d {
	case kinds.Job:
		out = say(s.Parallelism) + "/" + say(s.Completions)
	case kinds.Bounds:
		out = say(s.MinReplicas) + "-" + say(s.MaxReplicas)
	default:
		out = say(s.Replicas)
	}
	if p.scaled {
		out += " scaled"
	}
	if p.unscaled {
		out += " unscaled"
	}
	if p.done {
		out += " done"
	}
	return out
}

// scaledBefore has a plan before it by which a is scaled, b was until it had its replicas, and c is again.
func scaledBefore(d *drawing) *drawing {
	d.before = &plan{roster: d.roster, divided: kinds.Replicas, parts: []part{{member: 0, a: 3, scaled: true}, {member: 1, a: 2, unscaled: true}, {member: 2, a: 2, scaled: true}}}
	return d
}

func TestReplicas(t *testing.T) {
	of := func(n int32) shape.Share { return shape.Share{Replicas: &n} }
	tests := []struct {
		name string
		d    *drawing
		want map[string]string
	}{
		{name: "what is new is divided evenly", d: drawn(deployments, of(6), none, none, none), want: map[string]string{"a": "2", "b": "2", "c": "2"}},
		{name: "what runs stays", d: drawn(deployments, of(6), held(5, 5), held(1, 1), none), want: map[string]string{"a": "5", "b": "1", "c": "0"}},
		{
			name: "a member that is away is left alone, and others have its replicas",
			d:    drawn(deployments, of(6), held(2, 2), held(2, 2), held(2, 2)).away(2), want: map[string]string{"a": "3", "b": "3", "c": "left alone"},
		},
		{
			name: "who is back keeps its surplus while another has one",
			d:    drawn(deployments, of(6), held(3, 3), held(3, 3), held(3, 3)).back(2), want: map[string]string{"a": "2", "b": "2", "c": "3"},
		},
		{
			name: "who is back gives up its surplus when the others have",
			d:    drawn(deployments, of(6), held(2, 2), held(2, 2), held(3, 3)).back(2), want: map[string]string{"a": "2", "b": "2", "c": "2"},
		},
		{
			name: "what a member has had no room for goes to others",
			d:    drawn(deployments, of(6), copied{known: true, there: true, replicas: 3, running: 1, unschedulable: 2}, held(3, 3), none),
			want: map[string]string{"a": "1", "b": "3", "c": "2"},
		},
		{
			name: "replicas are taken back from an autoscaler that is gone, until they are there",
			d:    scaledBefore(drawn(deployments, of(6), held(3, 3), held(2, 2), held(2, 2))), want: map[string]string{"a": "2 unscaled", "b": "2", "c": "2 unscaled"},
		},
		{
			name: "what is remembered counts for a member whose copies are not known",
			d:    drawn(deployments, of(6), copied{there: true, replicas: 5, running: 5}, held(1, 1), none), want: map[string]string{"a": "5", "b": "1", "c": "0"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(tt.d.replicas())); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

// Where there was no room there is none a minute later, though nothing waits there any more.
func TestLackOfRoomIsRemembered(t *testing.T) {
	six := shape.Share{Replicas: ptr.To(int32(6))}
	full := copied{known: true, there: true, replicas: 3, running: 1, unschedulable: 2}
	first := drawn(deployments, six, full, held(3, 3), none)
	first.now = noon
	before := first.replicas()
	tests := []struct {
		name   string
		source types.UID
		copies []copied
		after  time.Duration
		want   map[string]string
	}{
		{"when another is full, the first is not given its replicas", "", []copied{held(1, 1), {known: true, there: true, replicas: 3, running: 2, unschedulable: 1}, held(2, 2)},
			time.Minute, map[string]string{"a": "1", "b": "2", "c": "3"}},
		{"long after it is", "", []copied{held(1, 1), {known: true, there: true, replicas: 4, running: 1, unschedulable: 3}, held(1, 1)},
			time.Hour, map[string]string{"a": "3", "b": "1", "c": "2"}},
		{"an object of the same name that is made anew begins anew", "other", []copied{none, none, none},
			time.Minute, map[string]string{"a": "2", "b": "2", "c": "2"}},
		{"what a member is not asked about stays", "", []copied{{there: true, replicas: 1, running: 1}, {known: true, there: true, replicas: 3, running: 2, unschedulable: 1}, held(2, 2)},
			time.Minute, map[string]string{"a": "1", "b": "2", "c": "3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := drawn(deployments, six, tt.copies...)
			d.before, d.now, d.source.uid = before, noon.Add(tt.after), tt.source
			if diff := cmp.Diff(tt.want, text(d.replicas())); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScaled(t *testing.T) {
	type bound struct{ lo, hi int32 }
	all := func(bounds map[string]bound) func(string) (int32, int32, bool) {
		return func(m string) (int32, int32, bool) {
			b, known := bounds[m]
			return b.lo, b.hi, known
		}
	}
	scaledTo := func(d *drawing, n int32) *drawing {
		d.before = &plan{roster: d.roster, divided: kinds.Replicas, parts: []part{{member: 0, a: n, scaled: true}}}
		return d
	}
	bounds := map[string]bound{"a": {2, 5}, "b": {0, 0}}
	tests := []struct {
		name string
		d    *drawing
		want map[string]string
	}{
		{
			name: "the autoscaler begins with its minimum, and there is nothing without one",
			d:    drawn(deployments, shape.Share{}, none, held(3, 3), none), want: map[string]string{"a": "2 scaled", "b": "0 unscaled", "c": "left alone"},
		},
		{
			name: "what there is stays within the bounds",
			d:    drawn(deployments, shape.Share{}, held(9, 9), none, none), want: map[string]string{"a": "5 scaled", "b": "0 unscaled", "c": "left alone"},
		},
		{
			name: "what the autoscaler has made of it is none of ours",
			d:    scaledTo(drawn(deployments, shape.Share{}, held(4, 4), none, none), 2), want: map[string]string{"a": "2 scaled", "b": "0 unscaled", "c": "left alone"},
		},
		{
			name: "a member that is away is left alone",
			d:    drawn(deployments, shape.Share{}, held(4, 4), none, none).away(0), want: map[string]string{"a": "left alone", "b": "0 unscaled", "c": "left alone"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(tt.d.scaled(all(bounds)))); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJob(t *testing.T) {
	of := func(parallelism, completions int32) shape.Share {
		return shape.Share{Parallelism: &parallelism, Completions: &completions}
	}
	part := func(parallelism, completions int32) copied {
		c := held(completions, parallelism)
		c.share = of(parallelism, completions)
		return c
	}
	ended := func(c copied) copied {
		c.finished = true
		return c
	}
	tidied := copied{known: true, replicas: 2, running: 2, finished: true}
	whole := func(d *drawing) *drawing {
		d.source.finished = true
		return d
	}
	tests := []struct {
		name string
		d    *drawing
		want map[string]string
	}{
		{name: "parallelism and completions are divided together", d: drawn(jobs, of(2, 6), none, none), want: map[string]string{"a": "1/3", "b": "1/3"}},
		{name: "a part that is too much goes", d: drawn(jobs, of(2, 4), part(1, 2), part(1, 2), part(0, 2)), want: map[string]string{"a": "1/2", "b": "1/2", "c": "absent"}},
		{
			name: "a part that is not known to be there is not taken away",
			d:    drawn(jobs, of(2, 4), part(1, 2), part(1, 2), copied{}), want: map[string]string{"a": "1/2", "b": "1/2", "c": "left alone"},
		},
		{name: "a part that finished and was tidied away is not made again", d: drawn(jobs, of(2, 4), tidied, part(1, 2)), want: map[string]string{"a": "1/2 done", "b": "1/2"}},
		{
			name: "what finished in a member that is away is not done elsewhere",
			d:    drawn(jobs, of(2, 4), tidied, part(1, 2), none).away(0), want: map[string]string{"a": "1/2 done", "b": "1/2", "c": "absent"},
		},
		{
			name: "of a Job that has finished, nobody gets anything new",
			d:    whole(drawn(jobs, of(2, 4), tidied, ended(part(1, 2)), none)), want: map[string]string{"a": "0/2 done", "b": "1/2 done", "c": "absent"},
		},
		{
			name: "of a Job that has failed, parts that still run are stopped, and keep their completions",
			d:    whole(drawn(jobs, of(2, 4), ended(part(1, 2)), part(1, 2))), want: map[string]string{"a": "1/2 done", "b": "0/2 done"},
		},
		{
			name: "without completions, parallelism alone is divided",
			d:    drawn(jobs, shape.Share{Parallelism: ptr.To[int32](4)}, none, none), want: map[string]string{"a": "2/-", "b": "2/-"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(tt.d.job())); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	of := func(lo, hi int32) shape.Share { return shape.Share{MinReplicas: &lo, MaxReplicas: &hi} }
	tests := []struct {
		name string
		d    *drawing
		want map[string]string
	}{
		{name: "bounds are divided", d: drawn(scalers, of(2, 8), none, none), want: map[string]string{"a": "1-4", "b": "1-4"}},
		{name: "members without a maximum have no autoscaler", d: drawn(scalers, of(1, 1), held(1, 1), none), want: map[string]string{"a": "1-1", "b": "absent"}},
		{
			name: "a member that says it runs less than nothing gives others no more than there is",
			d:    drawn(scalers, of(2, 8), held(4, -1000), held(4, 4), held(4, 4)), want: map[string]string{"a": "1-1", "b": "1-3", "c": "1-4"},
		},
		{name: "who is away keeps it", d: drawn(scalers, of(2, 8), none, none).away(1), want: map[string]string{"a": "2-8", "b": "left alone"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, text(tt.d.bounds())); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadCopy(t *testing.T) {
	replicas := shape.Share{Replicas: ptr.To[int32](5)}
	tests := []struct {
		name string
		kind kinds.Kind
		copy delivery.Copy
		want copied
	}{
		{
			name: "pods without room count", kind: deployments,
			copy: delivery.Copy{Share: replicas, Generation: 2, Unschedulable: 2, Status: []byte(`{"observedGeneration":2,"replicas":5,"updatedReplicas":5,"readyReplicas":3}`)},
			want: copied{replicas: 5, running: 3, unschedulable: 2},
		},
		{
			name: "while it rolls out, the number before stands", kind: deployments,
			copy: delivery.Copy{Share: replicas, Generation: 2, Unschedulable: 4, Status: []byte(`{"observedGeneration":2,"replicas":5,"updatedReplicas":1,"readyReplicas":3}`)},
			want: copied{replicas: 5, running: 3, unschedulable: 1},
		},
		{
			name: "the number before stands, too, before the change is observed", kind: deployments,
			copy: delivery.Copy{Share: replicas, Generation: 3, Unschedulable: 4, Status: []byte(`{"observedGeneration":2,"replicas":5,"updatedReplicas":5}`)},
			want: copied{replicas: 5, unschedulable: 1},
		},
		{
			name: "a Job runs what is active and what has succeeded", kind: jobs,
			copy: delivery.Copy{Share: shape.Share{Parallelism: ptr.To[int32](2), Completions: ptr.To[int32](6)}, Status: []byte(`{"active":2,"succeeded":3}`)},
			want: copied{replicas: 6, running: 5},
		},
		{
			name: "a Job with a final condition has finished", kind: jobs,
			copy: delivery.Copy{Share: shape.Share{Parallelism: ptr.To[int32](2)}, Status: []byte(`{"succeeded":1,"conditions":[{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}]}`)},
			want: copied{replicas: 2, running: 1, finished: true},
		},
		{
			name: "an autoscaler's replicas are its maximum", kind: scalers,
			copy: delivery.Copy{Share: shape.Share{MinReplicas: ptr.To[int32](1), MaxReplicas: ptr.To[int32](9)}, Status: []byte(`{"currentReplicas":4}`)},
			want: copied{replicas: 9, running: 4},
		},
		{name: "a copy without a status runs nothing", kind: deployments, copy: delivery.Copy{Share: replicas}, want: copied{replicas: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readCopy(tt.kind, &tt.copy, 1)
			tt.want.known, tt.want.there, tt.want.share = true, true, tt.copy.Share
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(copied{})); diff != "" {
				t.Errorf("readCopy (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffers(t *testing.T) {
	before := drawn(deployments, shape.Share{Replicas: ptr.To[int32](6)}, none, none, none).replicas()
	after := drawn(deployments, shape.Share{Replicas: ptr.To[int32](8)}, held(2, 2), held(2, 2), held(2, 2)).back(2).replicas()
	var grown []string
	for _, m := range after.roster.names {
		now, _ := after.of(m)
		was, _ := before.of(m)
		if now.a != was.a {
			grown = append(grown, m)
		}
	}
	if diff := cmp.Diff(grown, after.differs(before)); diff != "" || len(grown) != 2 {
		t.Errorf("the members with other shares are %v (-want +got):\n%s", grown, diff)
	}
	if again := after.differs(after); again != nil {
		t.Errorf("a plan differs from itself for %v", again)
	}
	fewer := newFleet([]member{{name: "b", proven: true}}).roster
	smaller := &plan{roster: fewer, divided: kinds.Replicas, parts: []part{{member: 0, a: 2}}}
	if got := smaller.differs(before); got != nil {
		t.Errorf("b has the same in a smaller fleet, and yet %v differ", got)
	}
}
