package main

import (
	"strings"
	"testing"
	"time"
)

func TestReportJoinGivesMediansP99AndRatio(t *testing.T) {
	ms := time.Millisecond
	var out strings.Builder
	err := reportJoin(&out, []joined{
		{join: 3 * time.Second, unjoin: time.Second, steps: []step{{"check", 100 * ms}}},
		{join: 5 * time.Second, unjoin: 4 * time.Second, steps: []step{{"check", 300 * ms}}},
	}, []registered{{latency: 100 * ms, floor: 20 * ms}, {latency: 300 * ms, floor: 30 * ms}, {latency: 90 * ms, floor: 10 * ms}})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(out.String()), " ")
	want := "median of 2 seconds check 0.2 fedhelm join 4.0 fedhelm unjoin 2.5 milliseconds, of 3 median P99 " +
		"Cluster created to Ready (aim: P99 under 1000) 100 300 floor: one question to the member, one write 20 30 ratio 5.0 10.0"
	if got != want {
		t.Errorf("report is\n%s\nwant\n%s", got, want)
	}
}
