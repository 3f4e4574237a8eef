package aggregate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// noon is when everything happens; before is when what was there began.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 123456789, time.UTC)

const (
	atNoon = "2026-01-01T12:00:00Z"
	before = "2026-01-01T10:00:00Z"
)

func replicas(n int32) shape.Share { return shape.Share{Replicas: &n} }

func completions(n int32) shape.Share {
	return shape.Share{Parallelism: new(int32(1)), Completions: &n}
}

// source is of generation 2; generation 1 was observed.
func source(kind kinds.ID, share shape.Share, status string) aggregate.Source {
	return aggregate.Source{Kind: kind, Generation: 2, Share: share, Status: json.RawMessage(status), Now: noon}
}

// has is a member whose copy, of generation 7, was made from the source as it is.
func has(member string, share shape.Share, status string, change ...func(*aggregate.Part)) aggregate.Part {
	p := aggregate.Part{Member: member, Applied: true, Wanted: share, Generation: 7, Status: json.RawMessage(status)}
	for _, c := range change {
		c(&p)
	}
	return p
}

// awaits is a member without a copy.
func awaits(member string, share shape.Share) aggregate.Part {
	return aggregate.Part{Member: member, Wanted: share}
}

// recalls is a member whose copy cannot be seen.
func recalls(member string, share shape.Share, known aggregate.Known, change ...func(*aggregate.Part)) aggregate.Part {
	p := aggregate.Part{Member: member, Wanted: share, Known: &known}
	for _, c := range change {
		c(&p)
	}
	return p
}

// hadAll is a member that had what it shall have when it was seen last.
func hadAll(p *aggregate.Part) { p.Applied = true }

func outdated(p *aggregate.Part) { p.Applied = false }

func leaving(p *aggregate.Part) { p.Leaving = true }

// remembered is of a copy whose status cannot be read.
func remembered(k aggregate.Known) func(*aggregate.Part) {
	return func(p *aggregate.Part) { p.Known = &k }
}

func pending(n int32) func(*aggregate.Part) { return func(p *aggregate.Part) { p.Pending = n } }

// statusOf is what the API's type has as the new status.
func statusOf[S any](t *testing.T, s aggregate.Source, parts ...aggregate.Part) S {
	t.Helper()
	r, ok, err := aggregate.Status(s, parts)
	if err != nil || !ok {
		t.Fatalf("ok %t, error %v", ok, err)
	}
	status, is := r.Status().(*S)
	if !is {
		t.Fatalf("the status is a %T", r.Status())
	}
	return *status
}

// patch is what is written.
func patch(t *testing.T, s aggregate.Source, parts ...aggregate.Part) string {
	t.Helper()
	r, ok, err := aggregate.Status(s, parts)
	if err != nil || !ok {
		t.Fatalf("ok %t, error %v", ok, err)
	}
	raw, err := r.Patch()
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
