package main

import (
	"context"
	"errors"
	"flag"
	"io"

	"github.com/fedhelm/fedhelm/hooks/cleanup"
	"github.com/fedhelm/fedhelm/hooks/verify"
)

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
