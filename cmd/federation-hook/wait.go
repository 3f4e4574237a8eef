package main

import (
	"context"
	"flag"
	"io"

	"github.com/fedhelm/fedhelm/hooks/waitfor"
)

// waitFlags has the flags of wait, which talks to no API server.
type waitFlags struct {
	*common
	url string
}

func waitCommand(f *flag.FlagSet, c *common) action {
	w := &waitFlags{common: c}
	f.StringVar(&w.url, "url", "", "URL that answers 200 when what is waited for is ready")
	return w
}

func (w *waitFlags) validate() error { return waitfor.Options{URL: w.url}.Validate() }

func (w *waitFlags) run(ctx context.Context, out io.Writer) error {
	return waitfor.Run(ctx, waitfor.Options{URL: w.url, Out: out})
}
