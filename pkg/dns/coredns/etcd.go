package coredns

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/reload"
)

// etcd is a connection that is made anew when its certificate files change: CA included, which a connection's own configuration cannot follow.
type etcd struct {
	options Options
	tls     func() *tls.Config // another pointer when files have changed; nil: no TLS

	mu     sync.RWMutex // held for reading during calls
	client *clientv3.Client
	with   *tls.Config // what client was made with
}

func newEtcd(o Options) (*etcd, error) {
	e := &etcd{options: o, tls: func() *tls.Config { return nil }}
	if len(o.Endpoints) == 0 {
		return nil, errors.New("no etcd endpoint is given")
	}
	if !strings.HasPrefix(o.Endpoints[0], "https://") {
		return e, nil
	}
	files := slices.DeleteFunc([]string{o.CertFile, o.KeyFile, o.CAFile}, func(file string) bool { return file == "" })
	if len(files) == 0 {
		system := &tls.Config{MinVersion: tls.VersionTLS12}
		e.tls = func() *tls.Config { return system }
		return e, nil
	}
	configs, err := reload.New(o.tlsConfig, files...)
	if err != nil {
		return nil, fmt.Errorf("certificates for etcd: %w", err)
	}
	e.tls = configs.Get
	return e, nil
}

// tlsConfig is made of the contents of the files that are named: certificate, key, CA.
func (o Options) tlsConfig(contents [][]byte) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CertFile != "" {
		pair, err := tls.X509KeyPair(contents[0], contents[1])
		if err != nil {
			return nil, fmt.Errorf("client certificate and key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if o.CAFile != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(contents[len(contents)-1]) {
			return nil, errors.New("no CA certificate found")
		}
	}
	return config, nil
}

// do calls etcd. Call names what is done for those who count.
func (e *etcd) do(ctx context.Context, call string, f func(context.Context, clientv3.KV) error) (err error) {
	defer func() { e.options.Observe(call, err) }()
	ctx, cancel := context.WithTimeout(ctx, e.options.Timeout)
	defer cancel()
	if err := e.connect(); err != nil {
		return e.explain(err)
	}
	defer e.mu.RUnlock()
	return e.explain(f(ctx, e.client))
}

// connect returns with mu held for reading, unless it fails.
func (e *etcd) connect() error {
	for {
		config := e.tls()
		e.mu.RLock()
		if e.client != nil && e.with == config {
			return nil
		}
		e.mu.RUnlock()
		if err := e.reconnect(config); err != nil {
			return err
		}
	}
}

func (e *etcd) reconnect(config *tls.Config) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil && e.with == config {
		return nil // another call was faster
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            e.options.Endpoints,
		Username:             e.options.Username,
		Password:             e.options.Password,
		TLS:                  config,
		DialTimeout:          e.options.Timeout, // limits signing in
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 5 * time.Second,
		Logger:               zap.NewNop(),
		DialOptions:          []grpc.DialOption{grpc.WithChainUnaryInterceptor(failFast), grpc.WithConnectParams(returns)},
	})
	if err != nil {
		return err
	}
	if e.client != nil {
		_ = e.client.Close() // with it goes what was wrong with it
	}
	e.client, e.with = client, config
	return nil
}

// returns is how soon an etcd that comes back is noticed. By default it may take two minutes.
var returns = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 3 * time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// failFast lets a call to an etcd that cannot be reached say why, where the client's own way is to wait until the call's time is over. An etcd
// that refuses the client's certificate ends the connection with a TLS alert, which gRPC passes on as text, as if it were a passing failure.
func failFast(ctx context.Context, method string, req, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, c, append(opts, grpc.WaitForReady(false))...)
	if status.Code(err) == codes.Unavailable && strings.Contains(err.Error(), "remote error: tls:") {
		return status.Error(codes.PermissionDenied, status.Convert(err).Message())
	}
	return err
}

func (e *etcd) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client == nil {
		return nil
	}
	client := e.client
	e.client = nil
	return client.Close()
}

// denials are etcd's errors that other credentials, or more rights, would mend.
var denials = []error{
	rpctypes.ErrAuthFailed, rpctypes.ErrPermissionDenied, rpctypes.ErrUserEmpty, rpctypes.ErrUserNotFound, rpctypes.ErrInvalidAuthToken,
	rpctypes.ErrInvalidAuthMgmt, rpctypes.ErrPermissionNotGranted,
}

// explain makes a provider's error of one of the client's.
func (e *etcd) explain(err error) error {
	if err == nil {
		return nil
	}
	for _, denial := range denials {
		if errors.Is(err, denial) {
			return fmt.Errorf("etcd, user %q: %w: %w", e.options.Username, dns.ErrDenied, err)
		}
	}
	switch {
	case errors.Is(err, rpctypes.ErrTooManyRequests):
		return &dns.Throttled{Err: fmt.Errorf("etcd: %w", err)}
	case errors.Is(err, rpctypes.ErrTooManyOps):
		return fmt.Errorf("etcd takes fewer than %d operations in a transaction; raise its --max-txn-ops: %w", maxOps, err)
	case status.Code(err) == codes.PermissionDenied:
		return fmt.Errorf("etcd, client certificate %q: %w: %w", e.options.CertFile, dns.ErrDenied, err)
	}
	return fmt.Errorf("etcd at %s: %w", strings.Join(e.options.Endpoints, ", "), err)
}
