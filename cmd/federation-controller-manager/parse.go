package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// parse reads and validates the command line, and reports everything that is wrong
// with it at once. It returns pflag.ErrHelp after printing help.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := pflag.NewFlagSet(program, pflag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.SortFlags = false
	fs.Usage = func() {
		fmt.Fprintf(stderr, "%s runs the controllers of a federation.\n\nFlags:\n%s", program, fs.FlagUsages())
	}
	o.addFlags(fs)

	var errs []error
	for len(args) > 0 {
		n := width(fs, args)
		err := fs.Parse(args[:n])
		switch {
		case errors.Is(err, pflag.ErrHelp):
			return o, err
		case err != nil:
			errs = append(errs, err)
		case fs.NArg() > 0:
			errs = append(errs, fmt.Errorf("surplus argument %q", args[0]))
		}
		args = args[n:]
	}
	if o.version {
		return o, nil
	}
	return o, errors.Join(append(errs, o.validate())...)
}

// width is how many of args belong to the first one: two for a flag whose value
// stands by itself. pflag ends at the first mistake; so it gets one flag at a time.
func width(fs *pflag.FlagSet, args []string) int {
	name := strings.TrimLeft(args[0], "-")
	if name == args[0] || strings.Contains(name, "=") || len(args) == 1 {
		return 1
	}
	f := fs.Lookup(name)
	if f == nil && len(name) == 1 {
		f = fs.ShorthandLookup(name)
	}
	if f == nil || f.NoOptDefVal != "" {
		return 1
	}
	return 2
}
