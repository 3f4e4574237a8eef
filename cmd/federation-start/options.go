package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/fedhelm/fedhelm/hooks/waitfor"
)

type options struct {
	install string
	waitFor string
	orFor   string
	timeout time.Duration
	version bool
	command []string
}

// parse reports all that is wrong with the arguments at once.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet(program, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "Usage: %s --wait-for=URL [--or-for=URL] [--timeout=DURATION] [-- PROGRAM [ARGUMENT...]]\n       %s --install=FILE\n", program, program)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.install, "install", "", "copy this program to `FILE`, and do nothing else")
	fs.StringVar(&o.waitFor, "wait-for", "", "`URL` (http or https) that answers 200 when the program may start")
	fs.StringVar(&o.orFor, "or-for", "", "another `URL` of the same, whose host name may not be known yet; it is tried every few seconds")
	fs.DurationVar(&o.timeout, "timeout", 0, "how long to wait at most; 0: until it is ready")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := fs.Parse(args); err != nil || o.version {
		return o, err
	}
	o.command = fs.Args()
	return o, o.validate()
}

func (o options) validate() error {
	if o.install != "" {
		var errs []error
		if !filepath.IsAbs(o.install) {
			errs = append(errs, fmt.Errorf("--install=%q: must be an absolute path", o.install))
		}
		if o.waitFor != "" || o.orFor != "" || o.timeout != 0 || len(o.command) > 0 {
			errs = append(errs, errors.New("--install: goes with no other flag and no program"))
		}
		return errors.Join(errs...)
	}
	var errs []error
	if err := (waitfor.Options{URL: o.waitFor, Other: o.orFor}).Validate(); err != nil {
		errs = append(errs, fmt.Errorf("--wait-for, --or-for: %w", err))
	}
	if o.timeout < 0 {
		errs = append(errs, fmt.Errorf("--timeout=%s: must not be negative", o.timeout))
	}
	return errors.Join(errs...)
}
