package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	corev1 "k8s.io/api/core/v1"

	fedchart "github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// InitOptions are what Init needs. All fields are required, but Progress (nil is silent).
type InitOptions struct {
	Chart      *chart.Chart
	Options    fedchart.Options // valid
	Rendered   release.Rendered // what they come to; for the checks
	Host       Host
	Releases   InitReleases
	Kubeconfig Kubeconfig
	Identity   string // who is at work, for others to read; unique
	Timeout    time.Duration
	Progress   *progress.Reporter
}

// Result is what Init achieved.
type Result struct {
	federation.Ref
	Outcome    release.Outcome `json:"outcome"`
	Server     string          `json:"server"`            // of the federation API, as the kubeconfig has it
	Kubeconfig string          `json:"kubeconfig"`        // the file with the entry
	Context    string          `json:"context"`           // its name there
	Warning    string          `json:"warning,omitempty"` // what the user should know though all went well
}

// Init makes the federation's control plane be as asked for, and waits until its API answers. Run again with the same options, it
// changes nothing; after a failure, it goes on. What the options do not say is the chart's default: values that the federation was
// given before are the caller's to lay beneath (Options.Base). What the host lacks is reported, all of it, before anything is written (ErrRefused);
// a limit that runs out gives ErrTimedOut and the cause.
func Init(ctx context.Context, o InitOptions) (Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, ErrTimedOut)
	defer cancel()
	r := initRun{InitOptions: o, ref: federation.Ref{Name: o.Options.Name, Namespace: o.Options.Namespace}, started: time.Now()}
	var err error
	if r.values, err = o.Options.Values(); err != nil {
		return Result{}, err
	}
	if err := r.check(ctx); err != nil {
		return Result{}, err
	}
	result, err := r.locked(ctx)
	if err != nil {
		return Result{}, r.inTime(ctx, err)
	}
	return result, nil
}

// initRun is one Init under way.
type initRun struct {
	InitOptions
	ref     federation.Ref
	values  map[string]any
	started time.Time
	cause   string // what last kept the control plane from coming up, as far as it was looked at
}

// check is all that is done before the first write.
func (r *initRun) check(ctx context.Context) error {
	step := r.Progress.Start("Checking the host cluster")
	defer step.Fail()
	results := preflight.Run(ctx, preflight.Init(r.preflight())...)
	for _, warning := range results.Warnings() {
		r.Progress.Warnf("%s", warning)
	}
	failed := errors.Join(results.Err(), r.mayApplyDNSConfig(ctx))
	existing, err := r.known(ctx)
	switch {
	case err == nil:
		failed = errors.Join(failed, kubeconfig.Conflicts(r.Kubeconfig.Files, r.ref.Name, existing))
	case failed == nil: // else it has said why
		return err
	}
	if failed != nil {
		return refused(failed)
	}
	step.Done()
	return nil
}

// preflight tells the checks what the release will need, whoever decided it.
func (r *initRun) preflight() preflight.InitOptions {
	v := fedchart.Effective(r.Chart, r.values)
	own := len(v.Strings("controlPlane.etcd.external.servers")) == 0
	configSecret := v.String("global.dns.configSecret")
	if r.Options.DNS.Config != nil {
		configSecret = ""
	}
	return preflight.InitOptions{
		Client: r.Host.Client, Context: r.Host.Context, Server: r.Host.Server,
		Name: r.ref.Name, Namespace: r.ref.Namespace,
		Persistence:     own && v.Bool("controlPlane.etcd.persistence.enabled"),
		StorageClass:    v.String("controlPlane.etcd.persistence.storageClass"),
		ExistingClaim:   v.String("controlPlane.etcd.persistence.existingClaim"),
		Capacity:        v.String("controlPlane.etcd.persistence.size"),
		PullSecrets:     v.Strings("global.image.pullSecrets"),
		GivenSecrets:    r.givenSecrets(v),
		DNSConfigSecret: configSecret,
		DNSProvider:     v.String("global.dns.provider"),
		DNSZone:         v.String("global.dns.zone"),
		ServiceType:     corev1.ServiceType(v.String("controlPlane.apiServer.service.type")),
		Manifests:       r.Rendered.String(),
	}
}

// givenSecrets are those that have no check of their own, and that are not made here.
func (r *initRun) givenSecrets(v fedchart.EffectiveValues) []preflight.GivenSecret {
	var all []preflight.GivenSecret
	for _, s := range v.GivenSecrets() {
		made := r.Options.DNS.Config != nil && s.Name == fedchart.DNSConfigSecret(r.ref.Name)
		if !made && !s.ForImages() && s.Value != "global.dns.configSecret" {
			all = append(all, preflight.GivenSecret{Name: s.Name, Value: s.Value, Keys: s.Keys, Optional: s.Optional})
		}
	}
	return all
}

// locked does the writing, with nobody else at work on the federation.
func (r *initRun) locked(ctx context.Context) (Result, error) {
	made, err := federation.EnsureNamespace(ctx, r.Host.Client, r.ref.Namespace)
	if err != nil {
		return Result{}, err
	}
	if made {
		r.Progress.Start("Creating namespace " + r.ref.Namespace).Done()
	}
	held, lock, err := acquire(ctx, r.Host, r.ref, r.Identity, r.Progress)
	if err != nil {
		return Result{}, err
	}
	defer giveBack(ctx, lock.Release, r.Progress)
	if err := r.applyDNSConfig(held); err != nil {
		return Result{}, err
	}
	outcome, err := r.apply(held, lock.TookOver())
	if err != nil {
		return Result{}, err
	}
	if err := r.waitReady(held); err != nil {
		return Result{}, err
	}
	if err := r.Releases.CameUp(held, r.ref.Name); err != nil {
		return Result{}, err
	}
	return r.hand(held, outcome)
}

// mayApplyDNSConfig finds out whether the Secret of the DNS provider's settings is ours to write.
func (r *initRun) mayApplyDNSConfig(ctx context.Context) error {
	if r.Options.DNS.Config == nil {
		return nil
	}
	name := fedchart.DNSConfigSecret(r.ref.Name)
	err := federation.MayApplySecret(ctx, r.Host.Client, r.ref, name)
	if errors.Is(err, federation.ErrNotOurs) {
		return fmt.Errorf("%w; leave out --dns-provider-config to use it as it is (--set global.dns.configSecret=%s), or delete it first", err, name)
	}
	return err
}

func (r *initRun) applyDNSConfig(ctx context.Context) error {
	if r.Options.DNS.Config == nil {
		return nil
	}
	data := map[string][]byte{fedchart.DNSConfigKey: r.Options.DNS.Config}
	return federation.ApplySecret(ctx, r.Host.Client, r.ref, fedchart.DNSConfigSecret(r.ref.Name), "dns-provider", data)
}

// apply installs or upgrades the release.
func (r *initRun) apply(ctx context.Context, abandoned bool) (release.Outcome, error) {
	step := r.Progress.Start("Installing release " + r.ref.Name)
	defer step.Fail()
	ctx, stop := r.observe(ctx, step)
	defer stop()
	request := release.Request{Name: r.ref.Name, Chart: r.Chart, Values: r.values, Abandoned: abandoned, Trial: true}
	outcome, err := r.Releases.Apply(ctx, request)
	if err != nil {
		return "", err
	}
	if outcome == release.Unchanged {
		if published, err := r.published(ctx); err != nil {
			return "", err
		} else if published == nil { // the hook that writes it must run again
			request.Force = true
			if outcome, err = r.Releases.Apply(ctx, request); err != nil {
				return "", err
			}
		}
	}
	step.Donef("%s", outcome)
	return outcome, nil
}

func (r *initRun) waitReady(ctx context.Context) error {
	step := r.Progress.Start("Waiting for the control plane")
	defer step.Fail()
	ctx, stop := r.observe(ctx, step)
	defer stop()
	if err := federation.WaitReady(ctx, r.Host.Client, r.ref); err != nil {
		return err
	}
	step.Done()
	return nil
}

// hand gives the federation to the user: its API answers here, and the kubeconfig has it.
func (r *initRun) hand(ctx context.Context, outcome release.Outcome) (Result, error) {
	published, err := r.published(ctx)
	if err != nil {
		return Result{}, err
	}
	if published == nil {
		return Result{}, fmt.Errorf("the kubeconfig in Secret %q in namespace %q is not there, though the hook that writes it has run; see: kubectl -n %s get events",
			r.ref.KubeconfigSecret(), r.ref.Namespace, r.ref.Namespace)
	}
	result := Result{Ref: r.ref, Outcome: outcome, Context: published.CurrentContext, Server: serverOf(published)}
	step := r.Progress.Start("Reaching the federation API from here")
	defer step.Fail()
	if result.Warning, err = r.reach(ctx, published, step); err != nil {
		return Result{}, err
	}
	if result.Warning == "" {
		step.Done()
	}
	step = r.Progress.Start("Updating the kubeconfig")
	defer step.Fail()
	result.Kubeconfig, err = kubeconfig.Merge(ctx, r.Kubeconfig.Files, published, kubeconfig.MergeOptions{SetCurrentContext: r.Kubeconfig.SetCurrentContext})
	if err != nil {
		return Result{}, err
	}
	step.Donef("%s", result.Kubeconfig)
	return result, nil
}
