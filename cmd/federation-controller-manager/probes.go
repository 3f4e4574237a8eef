package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/fedhelm/fedhelm/pkg/httpserver"
)

// serveProbes answers /healthz and /readyz. The manager's own server would begin with the manager, and it has to live before that.
func serveProbes(ctx context.Context, address string, ready *readiness) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for path, checks := range map[string]map[string]healthz.Checker{"/healthz": {"ping": healthz.Ping}, "/readyz": {"federation-api": ready.check}} {
		handler := http.StripPrefix(path, &healthz.Handler{Checks: checks})
		mux.Handle(path, handler)
		mux.Handle(path+"/", handler)
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 90 * time.Second, MaxHeaderBytes: 64 << 10}
	return httpserver.Serve(ctx, srv, ln, time.Second)
}

// lookEvery is short: whoever installs a federation waits for it.
const lookEvery = 50 * time.Millisecond

// awaitFile returns whether the file is there; it waits for it until ctx ends.
func awaitFile(ctx context.Context, file string) bool {
	for said := false; ; said = true {
		_, err := os.Stat(file)
		if err == nil {
			return true
		}
		if !said {
			ctrl.LoggerFrom(ctx).Info("Waiting until the federation API has its base objects", "why", err.Error())
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(lookEvery):
		}
	}
}
