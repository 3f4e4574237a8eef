// Package release installs, upgrades, removes and renders Helm releases. It is the one room that knows Helm's actions:
// what goes in is a chart and its values, what comes out are plain results and errors to act on. Nothing of the user's
// own Helm set-up (repositories, cache, environment) is read or written.
package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// ErrNotFound is returned when there is no release of that name in the namespace.
var ErrNotFound = errors.New("release not found")

// ErrOtherChart is returned when the release of that name was made from another chart: it is somebody else's.
var ErrOtherChart = errors.New("release of another chart")

// ErrBusy is returned when somebody else may be at work on the release.
var ErrBusy = errors.New("somebody may be at work on the release")

// maxHistory is how many revisions of a release are kept, as Helm's own command line does; mostHistory, how many where fewer would not
// have the one that came up.
const (
	maxHistory  = 10
	mostHistory = 50
)

// Client works on the releases of one namespace of one cluster.
type Client struct {
	cfg       *action.Configuration
	namespace string
	hookLog   *hookLog
}

// Options are for those who want to see more of Helm's work.
type Options struct {
	// Log gets Helm's own chatter.
	Log func(format string, args ...any)
	// Job is called when a hook Job begins; what it returns, when the Job has ended.
	Job func(name string) (ended func(error))
}

// New gives a client for the namespace.
func New(config *rest.Config, namespace string, o Options) (*Client, error) {
	log := o.Log
	if log == nil {
		log = func(string, ...any) {}
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for the host cluster: %w", err)
	}
	getter := newGetter(config, namespace)
	secrets := driver.NewSecrets(clientset.CoreV1().Secrets(namespace))
	secrets.Log = log
	return NewWith(&action.Configuration{
		RESTClientGetter: getter,
		KubeClient:       newKubeClient(getter, namespace, log, o.Job),
		Releases:         storage.Init(secrets),
		Log:              log,
	}, namespace), nil
}

// NewWith gives a client that works through a configuration of the caller's, such as one on Helm's memory driver.
func NewWith(cfg *action.Configuration, namespace string) *Client {
	c := &Client{cfg: cfg, namespace: namespace, hookLog: newHookLog()}
	cfg.SetHookOutputFunc(func(_, pod, _ string) io.Writer { return c.hookLog.writer(pod) })
	return c
}

// Info is what there is to know of a release without asking the cluster about its objects.
type Info struct {
	Name       string    `json:"name"`
	Namespace  string    `json:"namespace"`
	Revision   int       `json:"revision"`
	Status     string    `json:"status"`
	Chart      string    `json:"chart"` // with its version
	ChartName  string    `json:"-"`
	AppVersion string    `json:"appVersion,omitempty"`
	Updated    time.Time `json:"updated"`
	// Deployed tells whether any revision ever came up.
	Deployed bool `json:"-"`
}

// Get describes the newest revision of a release. ErrNotFound when there is none.
func (c *Client) Get(ctx context.Context, name string) (Info, error) {
	history, err := c.history(ctx, name)
	if err != nil {
		return Info{}, err
	}
	last := newest(history)
	info := Info{Name: last.Name, Namespace: last.Namespace, Revision: last.Version, Status: string(last.Info.Status), Updated: last.Info.LastDeployed.Time}
	info.Deployed = slices.ContainsFunc(history, wasDeployed)
	if last.Chart != nil && last.Chart.Metadata != nil {
		info.ChartName = last.Chart.Metadata.Name
		info.Chart = last.Chart.Metadata.Name + "-" + last.Chart.Metadata.Version
		info.AppVersion = last.Chart.Metadata.AppVersion
	}
	return info, nil
}

// Values are those that the newest revision of a release was given, without the chart's defaults. They are the caller's.
func (c *Client) Values(ctx context.Context, name string) (map[string]any, error) {
	last, err := c.last(ctx, name)
	if err != nil {
		return nil, err
	}
	if last.Config == nil {
		return map[string]any{}, nil
	}
	return last.Config, nil
}

// last is the newest revision, whatever became of it.
func (c *Client) last(ctx context.Context, name string) (*release.Release, error) {
	history, err := c.history(ctx, name)
	if err != nil {
		return nil, err
	}
	return newest(history), nil
}

func newest(history []*release.Release) *release.Release {
	return slices.MaxFunc(history, func(a, b *release.Release) int { return a.Version - b.Version })
}

// history is never empty: no revision is ErrNotFound.
func (c *Client) history(ctx context.Context, name string) ([]*release.Release, error) {
	history, err := within(ctx, func() ([]*release.Release, error) { return c.cfg.Releases.History(name) })
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, fmt.Errorf("read the history of release %q in namespace %q: %w", name, c.namespace, err)
	}
	if len(history) == 0 {
		return nil, fmt.Errorf("%w: %q in namespace %q", ErrNotFound, name, c.namespace)
	}
	return history, nil
}
