package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
	ctrl "sigs.k8s.io/controller-runtime"
)

// logging is what is logged, and how.
type logging struct {
	verbosity int
	vmodule   string
	format    string
}

func (l *logging) addFlags(fs *pflag.FlagSet) {
	fs.IntVarP(&l.verbosity, "v", "v", 0, "how much is logged: 0 what an operator needs, 4 every decision, 8 every request")
	fs.StringVar(&l.vmodule, "vmodule", "", "how much is logged by single source files: pattern=N,…")
	fs.StringVar(&l.format, "log-format", "text", "text or json")
}

func (l logging) validate() error {
	if l.format != "text" && l.format != "json" {
		return fmt.Errorf("--log-format=%q: must be text or json", l.format)
	}
	if l.format == "json" && l.vmodule != "" {
		return errors.New("--vmodule: works only with --log-format=text")
	}
	if l.verbosity < 0 {
		return fmt.Errorf("--v=%d: must not be negative", l.verbosity)
	}
	if err := textlogger.NewConfig().VModule().Set(l.vmodule); err != nil {
		return fmt.Errorf("--vmodule=%q: %w", l.vmodule, err)
	}
	return nil
}

// install makes one logger the one of this program, of controller-runtime and of
// client-go, and returns it. The options must be valid.
func (l logging) install(out io.Writer) logr.Logger {
	log := l.logger(out)
	// client-go asks klog how much it may say before it asks the logger.
	fs := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(fs)
	for name, value := range map[string]string{"v": strconv.Itoa(l.verbosity), "vmodule": l.vmodule} {
		if err := fs.Set(name, value); err != nil {
			log.Error(err, "A log setting is not taken over", "flag", name)
		}
	}
	klog.SetLogger(log)
	ctrl.SetLogger(log)
	return log
}

func (l logging) logger(out io.Writer) logr.Logger {
	if l.format == "json" {
		return logr.FromSlogHandler(slog.NewJSONHandler(out, &slog.HandlerOptions{
			Level:       slog.Level(-l.verbosity), // logr's levels count upwards from 0, slog's downwards
			ReplaceAttr: verbosityAsV,
		}))
	}
	config := textlogger.NewConfig(textlogger.Verbosity(l.verbosity), textlogger.Output(out))
	if err := config.VModule().Set(l.vmodule); err != nil {
		klog.ErrorS(err, "A log setting is not taken over", "flag", "vmodule")
	}
	return textlogger.NewLogger(config)
}

// verbosityAsV writes "v":4, as Kubernetes' own programs do, for "level":"DEBUG".
func verbosityAsV(groups []string, a slog.Attr) slog.Attr {
	if level, ok := a.Value.Any().(slog.Level); ok && len(groups) == 0 && a.Key == slog.LevelKey && level < slog.LevelInfo {
		return slog.Int("v", -int(level))
	}
	return a
}
