package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/fedhelm/fedhelm/hooks/bootstrap"
	"github.com/fedhelm/fedhelm/hooks/cleanup"
	"github.com/fedhelm/fedhelm/hooks/verify"
	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// bootstrapFlags has the flags of bootstrap, which works on the federation API.
type bootstrapFlags struct {
	*common
	adminGroup string
	kinds      string
}

func bootstrapCommand(f *flag.FlagSet, c *common) action {
	b := &bootstrapFlags{common: c}
	f.StringVar(&b.adminGroup, "admin-group", "federation:admins", "group that becomes cluster-admin of the federation API")
	f.StringVar(&b.kinds, "federated-kinds", "", "comma-separated list of the kinds that are federated, such as deployments.apps; empty for all that can be")
	return b
}

func (b *bootstrapFlags) validate() error {
	err := errors.Join(needKubeconfig(b.common), required("--admin-group", b.adminGroup))
	if _, bad := kinds.Parse(b.kinds); bad != nil {
		err = errors.Join(err, fmt.Errorf("--federated-kinds: %w", bad))
	}
	return err
}

func (b *bootstrapFlags) run(ctx context.Context, out io.Writer) error {
	api, err := b.federationAPI()
	if err != nil {
		return err
	}
	federated, err := kinds.Parse(b.kinds)
	if err != nil {
		return err
	}
	return bootstrap.Run(ctx, bootstrap.Options{
		API: api, CRDs: fedv1beta1.CRDs(), Kinds: federated, AdminGroup: b.adminGroup, Timeout: b.timeout, Out: out,
	})
}

// verifyFlags has the flags of verify, which works on the federation API.
type verifyFlags struct{ *common }

func verifyCommand(_ *flag.FlagSet, c *common) action { return verifyFlags{c} }

func (v verifyFlags) validate() error { return needKubeconfig(v.common) }

func (v verifyFlags) run(ctx context.Context, out io.Writer) error {
	api, err := v.federationAPI()
	if err != nil {
		return err
	}
	return verify.Run(ctx, verify.Options{API: api, Out: out})
}

type cleanupFlags struct{ *common }

func cleanupCommand(_ *flag.FlagSet, c *common) action { return cleanupFlags{c} }

func (c cleanupFlags) validate() error { return nil }

func (c cleanupFlags) run(ctx context.Context, out io.Writer) error {
	h, err := c.host()
	if err != nil {
		return err
	}
	return cleanup.Run(ctx, cleanup.Options{Federation: c.federation, Namespace: c.namespace, Secrets: h.secrets(), Out: out})
}

// needKubeconfig: these commands work on the federation API, and no pod runs in that.
func needKubeconfig(c *common) error { return required("--kubeconfig", c.kubeconfig) }

func required(name, value string) error {
	if value == "" {
		return errors.New(name + " is required")
	}
	return nil
}
