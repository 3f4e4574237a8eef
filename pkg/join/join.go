package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/chart"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// JoinOptions are what Join needs. All fields are required but those that say otherwise. What is not chosen of a member that is joined
// already stays as it was.
//
//nolint:revive // there are UnjoinOptions too
type JoinOptions struct {
	Name       string // of the member; valid
	Chart      *chart.Chart
	Host       Host
	Member     Member
	Federation Federation

	Endpoint     string            // https URL at which the federation reaches the member; "": the one of its kubeconfig
	CA           []byte            // PEM; nil: it is found
	SecretName   string            // of the credentials in the host cluster; "": FEDERATION.NAME
	Labels       map[string]string // of the Cluster; nil: not chosen
	ClusterAdmin *bool             // the federation may do everything in the member; nil: not chosen, which is no
	Refresh      bool              // make new credentials, and render the release anew, though nothing asks for it
	DNS          memberdns.Kind    // of the member, which is told of the federation; "": it is left alone
	AskDNS       memberdns.Ask     // how it is asked; nil: over a port-forward
	LookupHost   federation.Lookup // of the federation's DNS servers that have names; nil: as this machine does it

	// HostClock and MemberClock may be nil: then clocks are not compared.
	HostClock, MemberClock preflight.Clock

	Identity string // who is at work, for others to read; unique
	Timeout  time.Duration
	Progress *progress.Reporter // nil is silent
}

// Outcome says what Join found to do.
type Outcome string

// The outcomes of Join.
const (
	Created    Outcome = "created"
	Refreshed  Outcome = "refreshed"  // it was a member, and has new credentials
	Configured Outcome = "configured" // it was a member, and something else was not as asked for
	Unchanged  Outcome = "unchanged"  // it was a member as asked for; nothing was written
)

// Joined is what Join achieved.
type Joined struct {
	Cluster    string         `json:"cluster"`
	Outcome    Outcome        `json:"outcome"`
	Federation federation.Ref `json:"federation"`
	Server     string         `json:"server"` // as the federation reaches it
	Secret     string         `json:"secret"` // in the federation's namespace of the host cluster

	KubernetesVersion string     `json:"kubernetesVersion,omitempty"`
	Region            string     `json:"region,omitempty"`
	Zones             []string   `json:"zones,omitempty"`
	CredentialExpires *time.Time `json:"credentialExpires,omitempty"`
	DNS               string     `json:"dns,omitempty"` // how the member's pods find the federation's names; "": they do not
}

// Join makes the cluster a member of the federation, and waits until the federation's control plane itself reaches it with the
// credentials that were stored. What is wrong is reported, all of it, before anything is written (ErrRefused of package setup); a
// limit that runs out gives ErrTimedOut. When it fails, what was made for a cluster that was no member before is removed again, but
// for a failure of its DNS alone: then it is a member without the names. Run again it changes nothing; killed and run again, it goes on.
func Join(ctx context.Context, o JoinOptions) (Joined, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, setup.ErrTimedOut)
	defer cancel()
	r := &joinRun{JoinOptions: o}
	if err := r.check(ctx); err != nil {
		return Joined{}, r.inTime(ctx, err)
	}
	if err := r.locked(ctx); err != nil {
		return Joined{}, r.inTime(ctx, err)
	}
	return r.result(), nil
}

// joinRun is one Join under way.
type joinRun struct {
	JoinOptions
	before
	plan
	lock          *federation.Lock
	secretVersion string            // of the Secret with the credentials that the member must be Ready with
	waiting       string            // what is waited for just now, should the limit run out
	incomplete    bool              // not all that was made could be removed again
	dns           *memberdns.Server // of the member; nil: not looked at yet
	done          done
}

// done is what was achieved.
type done struct {
	refreshed bool
	changed   bool
	release   release.Outcome
	cluster   *fedv1beta1.Cluster
	dns       string
}

// locked does the writing, with nobody else at work on the member.
func (r *joinRun) locked(ctx context.Context) error {
	held, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	defer func() { giveBack(ctx, r.lock, r.incomplete, r.Progress) }()
	if err := r.begin(held); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.install, r.store, r.register} {
		if err := step(held); err != nil {
			return r.failed(held, err)
		}
	}
	if err := r.settle(held); err != nil {
		return err
	}
	return r.tellDNS(held)
}

// settle is what remains to be done of a member that is Ready: from here on it is one, whatever happens.
func (r *joinRun) settle(ctx context.Context) error {
	if len(r.absent) > 0 {
		if _, err := r.lock.Note(ctx, noteAbsent, nothingAbsent); err != nil {
			return err
		}
	}
	return r.forget(ctx)
}

// inTime turns what ended a run into what its user should know.
func (r *joinRun) inTime(ctx context.Context, err error) error {
	const again = "run the same command again to go on"
	var values *release.ChartError
	switch {
	case errors.Is(err, federation.ErrLocked), errors.Is(err, release.ErrOtherChart), errors.Is(err, release.ErrBusy), errors.As(err, &values):
		return setup.Refused(err)
	case !errors.Is(context.Cause(ctx), setup.ErrTimedOut) || errors.Is(err, setup.ErrRefused):
		return err
	case r.waiting != "":
		return setup.TimedOut(r.Timeout, "%s; %s", r.waiting, again)
	default:
		return setup.TimedOut(r.Timeout, "%w; %s", err, again)
	}
}

func (r *joinRun) result() Joined {
	j := Joined{
		Cluster: r.Name, Federation: r.Federation.Ref, Server: r.endpoint.URL, Secret: r.secretName, DNS: r.done.dns,
		KubernetesVersion: r.done.cluster.Status.KubernetesVersion, Region: r.done.cluster.Status.Region, Zones: r.done.cluster.Status.Zones,
	}
	if c := r.done.cluster.Status.Credential; c != nil && c.ExpirationTime != nil {
		j.CredentialExpires = &c.ExpirationTime.Time
	}
	switch {
	case r.cluster == nil:
		j.Outcome = Created
	case r.done.refreshed:
		j.Outcome = Refreshed
	case r.done.changed:
		j.Outcome = Configured
	default:
		j.Outcome = Unchanged
	}
	return j
}

// where says which clusters a message is about.
func (r *joinRun) where() string {
	return fmt.Sprintf("namespace %q of host cluster %q", r.Federation.Namespace, r.Host.Context)
}
