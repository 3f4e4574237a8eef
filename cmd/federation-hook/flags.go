package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"
)

// common are the flags of every command.
type common struct {
	federation string
	namespace  string
	kubeconfig string
	timeout    time.Duration
	verbosity  int
}

func addCommon(f *flag.FlagSet) *common {
	c := &common{}
	f.StringVar(&c.federation, "federation", "", "name of the federation, which is that of the release")
	f.StringVar(&c.namespace, "namespace", "", "namespace of the release in the host cluster")
	f.StringVar(&c.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster to work on; default: the one this pod runs in")
	f.DurationVar(&c.timeout, "timeout", 5*time.Minute, "how long the whole command may take")
	f.IntVar(&c.verbosity, "v", 0, "verbosity of client-go's log")
	return c
}

func (c *common) validate() error {
	var errs []error
	for _, name := range []struct{ flag, value string }{{"federation", c.federation}, {"namespace", c.namespace}} {
		switch problems := validation.IsDNS1123Label(name.value); {
		case name.value == "":
			errs = append(errs, fmt.Errorf("--%s is required", name.flag))
		case len(problems) > 0:
			errs = append(errs, fmt.Errorf("--%s %q: %s", name.flag, name.value, strings.Join(problems, "; ")))
		}
	}
	if c.timeout <= 0 {
		errs = append(errs, fmt.Errorf("--timeout %s is not a time to wait", c.timeout))
	}
	return errors.Join(errs...)
}

// setVerbosity passes --v on to client-go, which logs by klog.
func (c *common) setVerbosity() {
	f := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(f)
	// Both are flags of klog's, and the values are in their form.
	_ = f.Set("v", strconv.Itoa(c.verbosity))
	_ = f.Set("logtostderr", "true")
}

// list is a flag that may be repeated. Its values are not split at commas.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

// parse reads flags of the form --name=value, --name value and, for booleans,
// --name. Unlike FlagSet.Parse it reports all that is wrong at once.
func parse(f *flag.FlagSet, args []string) error {
	var errs []error
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if name == "help" || arg == "-h" {
			return flag.ErrHelp
		}
		known := f.Lookup(name)
		switch {
		case !strings.HasPrefix(arg, "-"):
			errs = append(errs, fmt.Errorf("%q is not a flag; there are no other arguments", arg))
			continue
		case known == nil:
			errs = append(errs, fmt.Errorf("there is no flag --%s", name))
			continue
		case hasValue:
		case isBool(known):
			value = "true"
		case len(args) == 0:
			errs = append(errs, fmt.Errorf("--%s needs a value", name))
			continue
		default:
			value, args = args[0], args[1:]
		}
		if err := f.Set(name, value); err != nil {
			errs = append(errs, fmt.Errorf("--%s %q: %w", name, value, err))
			_ = f.Set(name, known.DefValue) // one complaint about it is enough
		}
	}
	return errors.Join(errs...)
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func flagUsage(f *flag.FlagSet) string {
	var b strings.Builder
	f.VisitAll(func(one *flag.Flag) {
		fmt.Fprintf(&b, "  --%s", one.Name)
		if one.DefValue != "" && one.DefValue != "false" {
			fmt.Fprintf(&b, "=%s", one.DefValue)
		}
		fmt.Fprintf(&b, "\n        %s\n", one.Usage)
	})
	return b.String()
}
