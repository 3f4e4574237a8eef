package main

import (
	"slices"
	"testing"
)

func TestParseMutatingCountsWritesOfTheObjectsThemselves(t *testing.T) {
	got := parseMutating([]byte(`# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="APPLY",version="v1"} 3
apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 2
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="configmaps",scope="cluster",subresource="",verb="LIST",version="v1"} 90
apiserver_request_total{code="200",component="apiserver",dry_run="",group="apps",resource="deployments",scope="resource",subresource="status",verb="PUT",version="v1"} 70
apiserver_request_total{code="200",component="apiserver",dry_run="",group="coordination.k8s.io",resource="leases",scope="resource",subresource="",verb="PUT",version="v1"} 500
`))
	if len(got) != 1 || got["configmaps"] != 5 {
		t.Errorf("writes are %v", got)
	}
	if n := more(map[string]float64{"configmaps": 4}, got); n != 1 {
		t.Errorf("%v more, want 1", n)
	}
}

func TestChangedNamesWhatWasWrittenMadeAndTakenAway(t *testing.T) {
	before := map[string]string{"same": "1", "written": "2", "gone": "3"}
	after := map[string]string{"same": "1", "written": "5", "made": "6"}
	if got, want := changed(before, after), []string{"gone", "made", "written"}; !slices.Equal(got, want) {
		t.Errorf("changed are %v, want %v", got, want)
	}
}
