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
	f.DurationVar(&b.keepEvery, "keep-every", 0, "stay, and apply what somebody changed anew this often; 0: end when all is applied")
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
	if err := b.apply(ctx, b.timeout, out); err != nil || b.doneFile == "" {
		return err
	}
	return os.WriteFile(b.doneFile, nil, 0o600)
}

func (b *bootstrapFlags) apply(ctx context.Context, timeout time.Duration, out io.Writer) error {
	federated, err := kinds.Parse(b.kinds)
	if err != nil {
		return err
	}
	return bootstrap.Run(ctx, bootstrap.Options{
		API: b.api, CRDs: fedv1beta1.CRDs(), Kinds: federated, AdminGroup: b.adminGroup, Timeout: timeout, Out: out,
	})
}

// keepLimit is how long applying anew may take.
const keepLimit = time.Minute

// keep applies anew what was changed or deleted since. It says when that fails, and when it does not any more.
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
		limited, cancel := context.WithTimeout(ctx, keepLimit)
		err := b.apply(limited, keepLimit, io.Discard)
		cancel()
		now := ""
		if err != nil {
			now = "not applied anew: " + oneLine(err)
		}
		if now != said && ctx.Err() == nil {
			if said = now; now == "" {
				now = "applied anew"
			}
			if _, err := fmt.Fprintln(out, now); err != nil {
				return err
			}
		}
	}
}
