package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// propagation is what goes into members, and the brakes.
type propagation struct {
	kinds          string
	failoverGrace  time.Duration
	failoverLimit  int // percent of the members
	unsourcedLimit int // percent of a member's copies
}

func (p *propagation) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&p.kinds, "federated-kinds", "", "comma-separated list of the kinds that are federated, such as deployments.apps; empty for all that can be. Marked CustomResourceDefinitions and their kinds always are")
	fs.DurationVar(&p.failoverGrace, "failover-grace", 5*time.Minute, "how long a member must be not Ready until others get its replicas")
	fs.IntVar(&p.failoverLimit, "failover-limit", 34, "how much of all members, in percent, may have their replicas given to others at once; a single member always may")
	fs.IntVar(&p.unsourcedLimit, "unsourced-deletion-limit", 5, "how much of a member's copies, in percent, is deleted when their sources are gone and nobody saw them being deleted; ten copies always are")
}

func (p propagation) validate() error {
	var errs []error
	if _, err := kinds.Parse(p.kinds); err != nil {
		errs = append(errs, fmt.Errorf("--federated-kinds: %w", err))
	}
	if p.failoverGrace < 0 {
		errs = append(errs, fmt.Errorf("--failover-grace=%s: must not be negative", p.failoverGrace))
	}
	for name, value := range map[string]int{"failover-limit": p.failoverLimit, "unsourced-deletion-limit": p.unsourcedLimit} {
		if value < 0 || value > 100 {
			errs = append(errs, fmt.Errorf("--%s=%d: must be a percentage, from 0 to 100", name, value))
		}
	}
	return errors.Join(errs...)
}
