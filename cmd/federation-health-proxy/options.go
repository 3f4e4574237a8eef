package main

import (
	"errors"
	"flag"
	"log/slog"

	"github.com/fedhelm/fedhelm/cmd/internal/sidecar"
	"github.com/fedhelm/fedhelm/pkg/healthproxy"
)

type options struct {
	listen string
	proxy  healthproxy.Options
}

// sidecar is the program, with the options as its flags.
func (o *options) sidecar() sidecar.Program {
	return sidecar.Program{Name: program, Flags: o.flags, Check: o.check, Serve: o.serve}
}

func (o *options) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.listen, "listen", ":8081", "`address` to answer probes on, over plain HTTP")
	fs.StringVar(&o.proxy.Target, "target", "https://127.0.0.1:6443", "`URL` of the API server to ask")
	fs.StringVar(&o.proxy.CAFile, "ca-file", "/etc/federation/health/ca.crt", "`file` with the CA of the API server's certificate")
	fs.StringVar(&o.proxy.CertFile, "cert-file", "/etc/federation/health/client.crt", "`file` with the client certificate")
	fs.StringVar(&o.proxy.KeyFile, "key-file", "/etc/federation/health/client.key", "`file` with the client certificate's key")
}

func (o *options) check(log *slog.Logger) error {
	o.proxy.Log = log
	return errors.Join(sidecar.CheckAddress("listen", o.listen), o.proxy.Validate())
}
