// federation-health-proxy answers a kubelet's probes of the federation API server,
// which may refuse requests without credentials.
package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/fedhelm/fedhelm/pkg/healthproxy"
	"github.com/fedhelm/fedhelm/pkg/httpserver"
	"github.com/fedhelm/fedhelm/pkg/version"
)

const program = "federation-health-proxy"

func main() { new(options).sidecar().Main() }

func (o *options) serve(ctx context.Context) error {
	proxy, err := healthproxy.New(o.proxy)
	if err != nil {
		return err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	o.proxy.Log.Info("Serving", "address", ln.Addr().String(), "target", o.proxy.Target, "version", version.Get().Version)
	srv := &http.Server{
		Handler:           proxy,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    8 << 10,
		ErrorLog:          slog.NewLogLogger(o.proxy.Log.Handler(), slog.LevelWarn),
	}
	// A kubelet ends all containers of a pod together, and is to know how the API server is until that has ended.
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	context.AfterFunc(ctx, func() {
		defer end()
		proxy.AwaitEnd(serving)
	})
	return httpserver.Serve(serving, srv, ln, 5*time.Second)
}
