package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/fedhelm/fedhelm/pkg/healthproxy"
)

type options struct {
	listen  string
	proxy   healthproxy.Options
	version bool
}

// parse reports all bad values at once.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var format string
	fs := flag.NewFlagSet(program, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.listen, "listen", ":8081", "`address` to answer probes on, over plain HTTP")
	fs.StringVar(&o.proxy.Target, "target", "https://127.0.0.1:6443", "`URL` of the API server to ask")
	fs.StringVar(&o.proxy.CAFile, "ca-file", "/etc/federation/health/ca.crt", "`file` with the CA of the API server's certificate")
	fs.StringVar(&o.proxy.CertFile, "cert-file", "/etc/federation/health/client.crt", "`file` with the client certificate")
	fs.StringVar(&o.proxy.KeyFile, "key-file", "/etc/federation/health/client.key", "`file` with the client certificate's key")
	fs.StringVar(&format, "log-format", "text", "`format` of the log: text or json")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := fs.Parse(args); err != nil || o.version {
		return o, err
	}

	var errs []error
	if fs.NArg() > 0 {
		errs = append(errs, fmt.Errorf("surplus arguments: %q", fs.Args()))
	}
	if _, _, err := net.SplitHostPort(o.listen); err != nil {
		errs = append(errs, fmt.Errorf("--listen=%q: must be host:port or :port", o.listen))
	}
	switch format {
	case "text":
		o.proxy.Log = slog.New(slog.NewTextHandler(stderr, nil))
	case "json":
		o.proxy.Log = slog.New(slog.NewJSONHandler(stderr, nil))
	default:
		errs = append(errs, fmt.Errorf("--log-format=%q: must be text or json", format))
	}
	return o, errors.Join(append(errs, o.proxy.Validate())...)
}
