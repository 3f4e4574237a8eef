package main

import (
	"strings"
	"testing"
	"time"
)

func TestReportGivesMediansAndTheirRatio(t *testing.T) {
	var out strings.Builder
	err := reportInit(&out, []inited{
		{floor: 2 * time.Second, total: 7 * time.Second, steps: []step{{"install", time.Second}}},
		{floor: 3 * time.Second, total: 90 * time.Second, steps: []step{{"install", 3 * time.Second}}},
		{floor: 4 * time.Second, total: 6 * time.Second, steps: []step{{"install", 2 * time.Second}}},
	}, memory{total: 3 << 20, containers: map[string]uint64{"etcd": 1 << 20, "apiserver": 2 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(out.String()), " ")
	want := "median of 3 seconds install 2.0 init to a usable context 7.0 floor: bare etcd and kube-apiserver 3.0 ratio (aim: 3 or less) 2.3 " +
		"peak memory, idle MiB apiserver 2 etcd 1 the whole control plane 3"
	if got != want {
		t.Errorf("report is\n%s\nwant\n%s", got, want)
	}
}
