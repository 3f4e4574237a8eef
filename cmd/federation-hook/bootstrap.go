package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/hooks/bootstrap"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// bootstrapFlags has the flags of bootstrap, which works on the federation API.
type bootstrapFlags struct {
	*common
	adminGroup string
	kinds      string
	doneFile   string
	keepEvery  time.Duration

	api rest.Interface // one for all tries: client-go reads its certificate anew when that changes
}

func bootstrapCommand(f *flag.FlagSet, c *common) action {
	b := &bootstrapFlags{common: c}
	f.StringVar(&b.adminGroup, "admin-group", "federation:admins", "group that becomes cluster-admin of the federation API")
	f.StringVar(&b.kinds, "federated-kinds", "", "comma-separated list of the kinds that are federated, such as deployments.apps; empty for all that can be")
	f.StringVar(&b.doneFile, "done-file", "", "file to make when all is applied")
	f.DurationVar(&b.keepEvery, "keep-every", 0, "stay, and look this often whether something is gone, then apply all anew; 0: end when all is applied")
	return b
}

func (b *bootstrapFlags) validate() error {
	err := errors.Join(needKubeconfig(b.common), required("--admin-group", b.adminGroup))
	if _, bad := kinds.Parse(b.kinds); bad != nil {
		err = errors.Join(err, fmt.Errorf("--federated-kinds: %w", bad))
	}
	if b.keepEvery < 0 {
		err = errors.Join(err, fmt.Errorf("--keep-every %s is not a time to wait", b.keepEvery))
	}
	return err
}

func (b *bootstrapFlags) run(ctx context.Context, out io.Writer) (err error) {
	if b.api == nil {
		if b.api, err = b.federationAPI(); err != nil {
			return err
		}
	}
	o, err := b.options(b.timeout, out)
	if err != nil {
		return err
	}
	if err := bootstrap.Run(ctx, o); err != nil || b.doneFile == "" {
		return err
	}
	return os.WriteFile(b.doneFile, nil, 0o600)
}

func (b *bootstrapFlags) options(timeout time.Duration, out io.Writer) (bootstrap.Options, error) {
	federated, err := kinds.Parse(b.kinds)
	return bootstrap.Options{
		API: b.api, CRDs: fedv1beta1.CRDs(), Kinds: federated, AdminGroup: b.adminGroup, Timeout: timeout, Out: out,
	}, err
}

// keepLimit is how long a look, and applying anew, may take.
const keepLimit = time.Minute

// keep applies all anew when something is gone, and says so. What cannot be done now is tried again.
func (b *bootstrapFlags) keep(ctx context.Context, out io.Writer) error {
	if b.keepEvery == 0 {
		return nil
	}
	ticker := time.NewTicker(b.keepEvery)
	defer ticker.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now, err := b.restore(ctx)
		if err != nil {
			now = "trying again: " + oneLine(err)
		}
		if now != said && now != "" && ctx.Err() == nil {
			if _, err := fmt.Fprintln(out, now); err != nil {
				return err
			}
		}
		said = now
	}
}

// restore returns what it did, "" if nothing had to be done.
func (b *bootstrapFlags) restore(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, keepLimit)
	defer cancel()
	o, err := b.options(keepLimit, io.Discard)
	if err != nil {
		return "", err
	}
	gone, err := bootstrap.Missing(ctx, o)
	if err != nil || gone == "" {
		return "", err
	}
	if err := bootstrap.Run(ctx, o); err != nil {
		return "", err
	}
	return "applied anew: " + gone + " was gone", nil
}
