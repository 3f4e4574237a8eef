package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/fedhelm/fedhelm/pkg/authproxy"
)

type options struct {
	listen        string
	healthListen  string
	shutdownDelay time.Duration
	proxy         authproxy.Options
	version       bool
}

// parse reports all bad values at once.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var format string
	fs := flag.NewFlagSet(program, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.listen, "listen", ":8443", "`address` to serve the API on, over TLS")
	fs.StringVar(&o.healthListen, "health-listen", ":8082", "`address` to answer /healthz and /readyz on, over plain HTTP")
	fs.StringVar(&o.proxy.Target, "target", "https://127.0.0.1:6443", "`URL` of the API server")
	fs.StringVar(&o.proxy.CertDir, "cert-dir", "/etc/federation/auth-proxy", "`directory` with ca.crt, server.{crt,key} and front-proxy-client.{crt,key}")
	fs.StringVar(&o.proxy.ClientCAFile, "client-ca-file", "/etc/federation/auth-proxy/ca.crt", "`file` with the CAs of client certificates")
	fs.StringVar(&o.proxy.UsersFile, "users-file", "/etc/federation/basic/basicauth.csv", "`file` with lines <bcrypt hash>,<user>,<uid>,\"<group>,<group>\"")
	fs.DurationVar(&o.shutdownDelay, "shutdown-delay", 0, "how long to go on as before after a signal to end, so that clients learn to go elsewhere; as the API server's --shutdown-delay-duration")
	fs.StringVar(&format, "log-format", "text", "`format` of the log: text or json")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := fs.Parse(args); err != nil || o.version {
		return o, err
	}

	var errs []error
	if fs.NArg() > 0 {
		errs = append(errs, fmt.Errorf("surplus arguments: %q", fs.Args()))
	}
	for name, value := range map[string]string{"listen": o.listen, "health-listen": o.healthListen} {
		if _, _, err := net.SplitHostPort(value); err != nil {
			errs = append(errs, fmt.Errorf("--%s=%q: must be host:port or :port", name, value))
		}
	}
	if o.shutdownDelay < 0 {
		errs = append(errs, fmt.Errorf("--shutdown-delay=%s: must not be negative", o.shutdownDelay))
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
