package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// dnsCheck looks at the DNS provider's configuration now and then. A bad one is
// told, in the log and as a metric, and does no harm to anything but DNS.
type dnsCheck struct {
	dns    dns
	period time.Duration

	told string
}

// NeedLeaderElection lets every instance check: each has its own copy of the file.
func (*dnsCheck) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (c *dnsCheck) Start(ctx context.Context) error {
	if c.dns.enabled() {
		wait.UntilWithContext(ctx, c.look, c.period)
	}
	return nil
}

func (c *dnsCheck) look(ctx context.Context) {
	log := ctrl.LoggerFrom(ctx).WithValues("provider", c.dns.provider, "file", c.dns.config)
	valid, now := 1.0, "valid"
	err := c.dns.check()
	if err != nil {
		valid, now = 0, err.Error()
	}
	dnsValid.WithLabelValues(c.dns.provider).Set(valid)
	if now == c.told {
		return
	}
	c.told = now
	if err != nil {
		log.Error(err, "The DNS provider's configuration cannot be used; the federation goes on without DNS")
		return
	}
	log.Info("The DNS provider's configuration is valid")
}

// check reads the file. No file is right for providers that need to be told nothing.
func (d dns) check() error {
	if d.config == "" {
		return nil
	}
	content, err := os.ReadFile(d.config)
	if err != nil {
		return fmt.Errorf("read the DNS provider's configuration: %w", err)
	}
	return dnsconfig.CheckFile(d.provider, content)
}
