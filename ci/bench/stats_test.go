package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseSteps(t *testing.T) {
	got := parseSteps(`Checking the host cluster (0.0s)
Installing release bench: waiting: pod bench-pki: containers are being created
Hook bench-pki (4.2s)
Installing release bench: installed (8.1s)
warning: slow (very)
Federation API server is running at: https://172.30.20.1
`)
	want := []step{{"Checking the host cluster", 0}, {"Hook bench-pki", 4200 * time.Millisecond}, {"Installing release bench", 8100 * time.Millisecond}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestMediansOfStepsComeInTheirOrder(t *testing.T) {
	got := medians([]step{{"first", 3}, {"second", 1}, {"first", 1}, {"first", 2}, {"second", 5}})
	if diff := cmp.Diff([]step{{"first", 2}, {"second", 3}}, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("medians (-want +got):\n%s", diff)
	}
}

func TestMedianOfAnEvenNumberIsBetweenTheMiddleTwo(t *testing.T) {
	if got := median([]time.Duration{4, 1, 2, 9}); got != 3 {
		t.Errorf("median is %d, want 3", got)
	}
}

func TestP99(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, tt := range []struct {
		name   string
		values []time.Duration
		want   time.Duration
	}{
		{"of a hundred values the last but one", hundred, 99},
		{"of twenty values the last", hundred[:20], 100},
		{"of one value that", hundred[:1], 100},
		{"of none nothing", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := p99(tt.values); got != tt.want {
				t.Errorf("P99 is %d, want %d", got, tt.want)
			}
		})
	}
}
