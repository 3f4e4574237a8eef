package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"time"

	"github.com/fedhelm/fedhelm/cmd/internal/sidecar"
	"github.com/fedhelm/fedhelm/pkg/authproxy"
)

type options struct {
	listen        string
	healthListen  string
	shutdownDelay time.Duration
	proxy         authproxy.Options
}

// sidecar is the program, with the options as its flags.
func (o *options) sidecar() sidecar.Program {
	return sidecar.Program{Name: program, Flags: o.flags, Check: o.check, Serve: o.serve}
}

func (o *options) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.listen, "listen", ":8443", "`address` to serve the API on, over TLS")
	fs.StringVar(&o.healthListen, "health-listen", ":8082", "`address` to answer /healthz and /readyz on, over plain HTTP")
	fs.StringVar(&o.proxy.Target, "target", "https://127.0.0.1:6443", "`URL` of the API server")
	fs.StringVar(&o.proxy.CertDir, "cert-dir", "/etc/federation/auth-proxy", "`directory` with ca.crt, server.{crt,key} and front-proxy-client.{crt,key}")
	fs.StringVar(&o.proxy.ClientCAFile, "client-ca-file", "/etc/federation/auth-proxy/ca.crt", "`file` with the CAs of client certificates")
	fs.StringVar(&o.proxy.UsersFile, "users-file", "/etc/federation/basic/basicauth.csv", "`file` with lines <bcrypt hash>,<user>,<uid>,\"<group>,<group>\"")
	fs.DurationVar(&o.shutdownDelay, "shutdown-delay", 0, "how long to go on as before after a signal to end, so that clients learn to go elsewhere; as the API server's --shutdown-delay-duration")
}

func (o *options) check(log *slog.Logger) error {
	o.proxy.Log = log
	errs := []error{sidecar.CheckAddress("listen", o.listen), sidecar.CheckAddress("health-listen", o.healthListen)}
	if o.shutdownDelay < 0 {
		errs = append(errs, fmt.Errorf("--shutdown-delay=%s: must not be negative", o.shutdownDelay))
	}
	return errors.Join(append(errs, o.proxy.Validate())...)
}
