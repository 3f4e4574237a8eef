// federation-auth-proxy adds HTTP basic authentication to the federation API
// server, which it stands in front of.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/fedhelm/fedhelm/pkg/authproxy"
	"github.com/fedhelm/fedhelm/pkg/httpserver"
	"github.com/fedhelm/fedhelm/pkg/version"
)

const program = "federation-auth-proxy"

func main() { new(options).sidecar().Main() }

// serve runs both servers until ctx ends and the API's has finished.
func (o *options) serve(ctx context.Context) error {
	proxy, err := authproxy.New(o.proxy)
	if err != nil {
		return err
	}
	api, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	defer api.Close()
	probes, err := new(net.ListenConfig).Listen(ctx, "tcp", o.healthListen)
	if err != nil {
		return err
	}
	defer probes.Close()
	o.proxy.Log.Info("Serving", "address", api.Addr().String(), "health", probes.Addr().String(),
		"target", o.proxy.Target, "version", version.Get().Version)

	serving, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	context.AfterFunc(ctx, func() {
		o.proxy.Log.Info("Asked to end", "delay", o.shutdownDelay)
		time.AfterFunc(o.shutdownDelay, func() { end(nil) })
	})
	failed := make(chan error, 1)
	go func() {
		err := httpserver.Serve(serving, healthServer(ctx.Err, proxy), probes, time.Second)
		end(err) // without probes there is no point in going on
		failed <- err
	}()
	err = httpserver.Serve(serving, apiServer(proxy, o.proxy.Log), api, 10*time.Second)
	end(err)
	return errors.Join(err, <-failed)
}

// apiServer has no limit on how long a request takes: a watch takes hours.
func apiServer(proxy *authproxy.Proxy, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           proxy,
		TLSConfig:         proxy.TLSConfig(),
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       3 * time.Minute,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 1000, SendPingTimeout: time.Minute},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// healthServer is ready while the API server answers and ending returns nil.
func healthServer(ending func() error, proxy *authproxy.Proxy) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		limited, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := errors.Join(ending(), proxy.Reachable(limited)); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, "ok")
	})
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
}
