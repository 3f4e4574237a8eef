package release

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	helmtime "helm.sh/helm/v3/pkg/time"
)

const namespace = "federation-system"

// fakeCluster makes nothing, and counts; hooks end with hookErr.
type fakeCluster struct {
	kubefake.PrintingKubeClient
	hookErr error
	hang    chan struct{} // hooks wait for it, if it is there
	writes  int
}

func (f *fakeCluster) Create(r kube.ResourceList) (*kube.Result, error) {
	f.writes++
	return f.PrintingKubeClient.Create(r)
}

func (f *fakeCluster) Update(a, b kube.ResourceList, force bool) (*kube.Result, error) {
	f.writes++
	return f.PrintingKubeClient.Update(a, b, force)
}

func (f *fakeCluster) DeleteWithPropagationPolicy(kube.ResourceList, metav1.DeletionPropagation) (*kube.Result, []error) {
	return &kube.Result{}, nil
}

func (f *fakeCluster) WatchUntilReady(kube.ResourceList, time.Duration) error {
	if f.hang != nil {
		<-f.hang
	}
	return f.hookErr
}

func newFake(t *testing.T) (*Client, *fakeCluster) {
	t.Helper()
	cluster := &fakeCluster{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard, LogOutput: io.Discard}}
	memory := driver.NewMemory()
	memory.SetNamespace(namespace)
	return NewWith(&action.Configuration{
		Releases:     storage.Init(memory),
		KubeClient:   cluster,
		Capabilities: chartutil.DefaultCapabilities,
		Log:          func(string, ...any) {},
	}, namespace), cluster
}

// request asks for a release with a ConfigMap that shows a value, and a hook.
func request(value string) Request {
	return Request{Name: "fellowship", Values: map[string]any{"value": value}, Chart: &chart.Chart{
		Metadata: &chart.Metadata{APIVersion: "v2", Name: "federation", Version: "0.1.0", AppVersion: "0.1.0"},
		Templates: []*chart.File{
			{Name: "templates/cm.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {value: {{ .Values.value | quote }}}\n")},
			{Name: "templates/hook.yaml", Data: []byte("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: fellowship-pki\n" +
				"  annotations: {helm.sh/hook: \"pre-install,pre-upgrade,pre-delete\", helm.sh/hook-output-log-policy: hook-failed}\n")},
		},
	}}
}

func TestApply(t *testing.T) {
	tests := []struct {
		name    string
		before  func(*testing.T, *Client)
		request Request
		want    Outcome
		written bool
	}{
		{name: "nothing there is installed", request: request("a"), want: Installed, written: true},
		{name: "the same again changes nothing", before: applied("a"), request: request("a"), want: Unchanged},
		{name: "another value is an upgrade", before: applied("a"), request: request("b"), want: Upgraded, written: true},
		{name: "force runs the hooks though nothing differs", before: applied("a"), request: forced("a"), want: Repaired, written: true},
		{name: "an install that was killed is brought to its end", before: left(release.StatusPendingInstall), request: request("a"), want: Repaired, written: true},
		{name: "an upgrade that was killed is brought to its end", before: left(release.StatusPendingUpgrade), request: request("a"), want: Repaired, written: true},
		{name: "a rollback that was killed is brought to its end", before: left(release.StatusPendingRollback), request: request("a"), want: Repaired, written: true},
		{name: "an install that failed is tried again", before: left(release.StatusFailed), request: request("a"), want: Repaired, written: true},
		{name: "an uninstall that was refused or killed is undone", before: left(release.StatusUninstalling), request: request("a"), want: Repaired, written: true},
		{name: "a release of which only the history is left", before: left(release.StatusUninstalled), request: request("a"), want: Repaired, written: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, cluster := newFake(t)
			if tt.before != nil {
				tt.before(t, c)
			}
			cluster.writes = 0
			got, err := c.Apply(context.Background(), tt.request)
			if err != nil || got != tt.want {
				t.Fatalf("Apply = %q, %v; want %q", got, err, tt.want)
			}
			if (cluster.writes > 0) != tt.written {
				t.Errorf("%d writes to the cluster", cluster.writes)
			}
			wantDeployed(t, c, tt.request)
			if again, err := c.Apply(context.Background(), Request{Name: tt.request.Name, Chart: request("").Chart, Values: tt.request.Values}); err != nil || again != Unchanged {
				t.Errorf("the same again is %q, %v; want %q", again, err, Unchanged)
			}
		})
	}
}

func TestApplyAfterAFailedHook(t *testing.T) {
	c, cluster := newFake(t)
	cluster.hookErr = errors.New("job fellowship-pki failed: BackoffLimitExceeded")
	_, err := c.Apply(context.Background(), request("a"))
	var hook *HookError
	if !errors.As(err, &hook) || hook.Job != "fellowship-pki" || !hook.Silent {
		t.Fatalf("got %v, want a HookError of a Job that said nothing", err)
	}
	cluster.hookErr = nil
	if got, err := c.Apply(context.Background(), request("a")); err != nil || got != Repaired {
		t.Fatalf("after mending: %q, %v", got, err)
	}
	wantDeployed(t, c, request("a"))
}

func TestApplyLeavesOtherChartsAlone(t *testing.T) {
	c, cluster := newFake(t)
	applied("a")(t, c)
	cluster.writes = 0
	other := request("b")
	other.Chart.Metadata.Name = "wordpress"
	if _, err := c.Apply(context.Background(), other); !errors.Is(err, ErrOtherChart) || cluster.writes > 0 {
		t.Errorf("got %v and %d writes, want ErrOtherChart", err, cluster.writes)
	}
	wantDeployed(t, c, request("a"))
}

func TestApplyLeavesAloneWhatSomebodyMayBeAtWorkOn(t *testing.T) {
	c, cluster := newFake(t)
	left(release.StatusPendingUpgrade)(t, c)
	last, err := c.last(t.Context(), "fellowship")
	if err != nil {
		t.Fatal(err)
	}
	last.Info.LastDeployed = helmtime.Now() // just begun
	if err := c.cfg.Releases.Update(last); err != nil {
		t.Fatal(err)
	}
	cluster.writes = 0
	if _, err := c.Apply(context.Background(), request("a")); !errors.Is(err, ErrBusy) || cluster.writes > 0 {
		t.Errorf("got %v and %d writes, want ErrBusy", err, cluster.writes)
	}
	abandoned := request("a")
	abandoned.Abandoned = true
	if got, err := c.Apply(context.Background(), abandoned); err != nil || got != Repaired {
		t.Errorf("known to be abandoned: %q, %v", got, err)
	}
}

// overtaken is where somebody else's release comes to be just before ours.
type overtaken struct{ driver.Driver }

func (overtaken) Create(string, *release.Release) error { return driver.ErrReleaseExists }

func TestApplyOfWhatSomebodyElseIsInstalling(t *testing.T) {
	c, cluster := newFake(t)
	c.cfg.Releases = storage.Init(overtaken{driver.NewMemory()})
	if _, err := c.Apply(context.Background(), request("a")); !errors.Is(err, ErrBusy) || cluster.writes > 0 {
		t.Errorf("got %v and %d writes, want ErrBusy", err, cluster.writes)
	}
}

func TestApplyEndsWithItsContext(t *testing.T) {
	c, cluster := newFake(t)
	cluster.hang = make(chan struct{})
	defer close(cluster.hang)
	cause := errors.New("the limit")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, cause)
	defer cancel()
	if _, err := c.Apply(ctx, request("a")); !errors.Is(err, cause) {
		t.Fatalf("got %v, want the context's cause", err)
	}
	if info, err := c.Get(t.Context(), "fellowship"); err != nil || info.Status != "failed" || info.Deployed {
		t.Errorf("the release is %+v, %v; want it failed", info, err)
	}
}

func TestApplyKeepsALimitedHistory(t *testing.T) {
	c, _ := newFake(t)
	for _, value := range strings.Split("abcdefghijklmno", "") {
		if _, err := c.Apply(context.Background(), request(value)); err != nil {
			t.Fatal(err)
		}
	}
	history, err := c.history(t.Context(), "fellowship")
	if err != nil || len(history) > maxHistory {
		t.Errorf("%d revisions are kept, %v; want %d at most", len(history), err, maxHistory)
	}
}

func TestGetAndValues(t *testing.T) {
	c, _ := newFake(t)
	if _, err := c.Get(t.Context(), "fellowship"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), namespace) {
		t.Errorf("Get of nothing: %v", err)
	}
	if _, err := c.Values(t.Context(), "fellowship"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Values of nothing: %v", err)
	}
	applied("a")(t, c)
	info, err := c.Get(t.Context(), "fellowship")
	if err != nil || info.Revision != 1 || info.Chart != "federation-0.1.0" || info.Status != "deployed" || !info.Deployed {
		t.Errorf("Get = %+v, %v", info, err)
	}
	if vals, err := c.Values(t.Context(), "fellowship"); err != nil || vals["value"] != "a" {
		t.Errorf("Values = %v, %v", vals, err)
	}
}

func applied(value string) func(*testing.T, *Client) {
	return func(t *testing.T, c *Client) {
		t.Helper()
		if _, err := c.Apply(context.Background(), request(value)); err != nil {
			t.Fatal(err)
		}
	}
}

// left is a release whose newest revision is in some state.
func left(status release.Status) func(*testing.T, *Client) {
	return func(t *testing.T, c *Client) {
		t.Helper()
		applied("old")(t, c)
		last, err := c.last(t.Context(), "fellowship")
		if err != nil {
			t.Fatal(err)
		}
		last.Info.Status = status
		last.Info.LastDeployed = helmtime.Now().Add(-settleAfter)
		if err := c.cfg.Releases.Update(last); err != nil {
			t.Fatal(err)
		}
	}
}

func forced(value string) Request {
	r := request(value)
	r.Force = true
	return r
}

func wantDeployed(t *testing.T, c *Client, r Request) {
	t.Helper()
	last, err := c.last(t.Context(), r.Name)
	if err != nil {
		t.Fatal(err)
	}
	if last.Info.Status != release.StatusDeployed || !sameValues(last.Config, r.Values) {
		t.Errorf("the release is %s with %v, want it deployed with %v", last.Info.Status, last.Config, r.Values)
	}
}
