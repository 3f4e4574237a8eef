package pods

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

var now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

const (
	scheduled = `{"type":"PodScheduled","status":"True"}`
	running   = `{"status":{"phase":"Running","conditions":[` + scheduled + `,{"type":"Ready","status":"%s"}],"containerStatuses":[%s]}}`
)

// noRoom is a pod that has found no room for so long.
func noRoom(since time.Duration, meta, message string) string {
	return fmt.Sprintf(`{"metadata":{%s},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","lastTransitionTime":%q,"message":%q}]}}`,
		meta, now.Add(-since).Format(time.RFC3339), message)
}

func container(state string) string { return fmt.Sprintf(running, "False", state) }

func TestLook(t *testing.T) {
	const full = "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 No preemption victims found."
	tests := []struct {
		name          string
		pods          []string
		unschedulable int32
		waiting       string
	}{
		{name: "no pods wait for nothing"},
		{name: "those that are ready neither", pods: []string{fmt.Sprintf(running, "True", "")}},
		{name: "nor those that are done", pods: []string{`{"status":{"phase":"Succeeded"}}`}},
		{
			name: "no room for longer than a minute", pods: []string{noRoom(time.Minute+time.Second, "", full)},
			unschedulable: 1, waiting: "1 pod: 0/3 nodes are available: 3 Insufficient cpu",
		},
		{name: "a minute is not too long", pods: []string{noRoom(time.Minute, "", full)}, waiting: "1 pod: 0/3 nodes are available: 3 Insufficient cpu"},
		{
			name: "as schedulers said it before there were claims", pods: []string{noRoom(0, "", strings.Replace(full, " no new claims to deallocate,", "", 1))},
			waiting: "1 pod: 0/3 nodes are available: 3 Insufficient cpu",
		},
		{name: "what is being deleted needs no room", pods: []string{noRoom(time.Hour, `"deletionTimestamp":"2026-01-01T11:00:00Z"`, full)}},
		{name: "what the scheduler did not look at yet", pods: []string{`{"status":{"phase":"Pending"}}`}, waiting: "1 pod: not scheduled yet"},
		{
			name: "the most frequent comes first",
			pods: []string{
				container(`{"state":{"running":{}}}`),
				container(`{"state":{"waiting":{"reason":"ImagePullBackOff"}}}`), container(`{"state":{"waiting":{"reason":"ErrImagePull"}}}`),
			},
			waiting: "2 pods: ImagePullBackOff; 1 pod: not ready",
		},
		{
			name: "a crash is told by how it ended",
			pods: []string{
				container(`{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"--password=secret"}},"lastState":{"terminated":{"exitCode":1,"reason":"Error","message":"--password=secret"}}}`),
				container(`{"restartCount":3,"state":{"terminated":{"exitCode":1,"reason":"Error"}}}`),
				container(`{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}`),
				container(`{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}`),
			},
			waiting: "2 pods: CrashLoopBackOff (exit code 1); 1 pod: CrashLoopBackOff; 1 pod: CrashLoopBackOff (OOMKilled)",
		},
		{
			name: "trouble comes before a mere start, of whichever container",
			pods: []string{
				container(`{"state":{"waiting":{"reason":"ContainerCreating"}}},{"state":{"waiting":{"reason":"CreateContainerConfigError"}}}`),
				`{"status":{"phase":"Pending","conditions":[` + scheduled + `],"initContainerStatuses":[{"state":{"running":{}}}],"containerStatuses":[{"state":{"waiting":{"reason":"PodInitializing"}}}]}}`,
			},
			waiting: "1 pod: CreateContainerConfigError; 1 pod: PodInitializing",
		},
		{name: "a failed pod", pods: []string{`{"status":{"phase":"Failed","reason":"Evicted"}}`, `{"status":{"phase":"Failed"}}`}, waiting: "1 pod: Evicted; 1 pod: Failed"},
		{name: "nothing that a terminal obeys", pods: []string{container(`{"state":{"waiting":{"reason":"a\u001b[2J\nb"}}}`)}, waiting: "1 pod: a [2J b"},
		{name: "a long story has an end", pods: []string{noRoom(0, "", strings.Repeat("x", 300))}, waiting: "1 pod: " + strings.Repeat("x", 190) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := serve(t, map[string]string{
				"/apis/apps/v1/namespaces/shire/deployments/web":                      `{"spec":{"selector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"a","operator":"Exists"}]}}}`,
				"/api/v1/namespaces/shire/pods?labelSelector=a%2Capp%3Dweb&limit=500": `{"items":[` + strings.Join(tt.pods, ",") + `]}`,
			})
			unschedulable, waiting, err := Look(t.Context(), api, now, deployments, "shire", "web")
			if err != nil || unschedulable != tt.unschedulable || waiting != tt.waiting {
				t.Errorf("Look = %d, %q, %v; want %d, %q", unschedulable, waiting, err, tt.unschedulable, tt.waiting)
			}
		})
	}
}

func TestLookWhereThereAreNoPods(t *testing.T) {
	const path = "/apis/apps/v1/namespaces/shire/deployments/web"
	tests := []struct {
		name   string
		served map[string]string
		fails  bool
	}{
		{name: "the workload is gone"},
		{name: "it has no selector", served: map[string]string{path: `{"spec":{}}`}},
		{name: "its selector is no workload's", served: map[string]string{path: `{"spec":{"selector":"x"}}`}},
		{name: "its selector would select everything", served: map[string]string{path: `{"spec":{"selector":{}}}`}},
		{name: "the answer is no object", served: map[string]string{path: `x`}, fails: true},
		{name: "its selector means nothing", served: map[string]string{path: `{"spec":{"selector":{"matchExpressions":[{"key":"a","operator":"x"}]}}}`}, fails: true},
		{name: "pods cannot be listed", served: map[string]string{path: `{"spec":{"selector":{"matchLabels":{"a":"b"}}}}`}, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			unschedulable, waiting, err := Look(t.Context(), serve(t, tt.served), now, deployments, "shire", "web")
			if unschedulable != 0 || waiting != "" || (err != nil) != tt.fails {
				t.Errorf("Look = %d, %q, %v; want an error: %v", unschedulable, waiting, err, tt.fails)
			}
		})
	}
}

var deployments = kinds.Kind{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true}

// serve is a cluster that answers so.
func serve(t *testing.T, answers map[string]string) rest.Interface {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.URL.String()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	api, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return api
}
