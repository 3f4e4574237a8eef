package memberdns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// PortForward asks through the cluster's API server, by DNS over TCP: whoever reaches that needs to reach no pod. No
// port is opened on this machine.
func PortForward(client kubernetes.Interface, config *rest.Config) Ask {
	return func(ctx context.Context, pod types.NamespacedName, port int, queries ...*dns.Msg) ([]*dns.Msg, error) {
		answers, err := askThrough(ctx, client, config, pod, port, queries)
		if err != nil {
			return nil, fmt.Errorf("ask pod %q on port %d: %w", pod.String(), port, err)
		}
		return answers, nil
	}
}

func askThrough(ctx context.Context, client kubernetes.Interface, config *rest.Config, pod types.NamespacedName, port int, queries []*dns.Msg) ([]*dns.Msg, error) {
	conn, err := open(ctx, client, config, pod, port)
	if err != nil {
		return nil, err
	}
	closeIt := func() { _ = conn.Close() } // all that was of interest has been read
	defer closeIt()
	defer context.AfterFunc(ctx, closeIt)() // a stream has no deadlines: closing it is what ends a wait
	server := &dns.Conn{Conn: conn}
	answers := make([]*dns.Msg, len(queries))
	for i, q := range queries {
		if err := server.WriteMsg(q); err != nil {
			return nil, conn.explain(ctx, err)
		}
		if answers[i], err = server.ReadMsg(); err != nil {
			return nil, conn.explain(ctx, err)
		}
		if answers[i].Id != q.Id || len(answers[i].Question) != 1 {
			return nil, errors.New("what came is no answer to what was asked")
		}
	}
	return answers, nil
}

// open opens a stream to a port of the pod: over a WebSocket, or SPDY for servers and proxies without those.
func open(ctx context.Context, client kubernetes.Interface, config *rest.Config, pod types.NamespacedName, port int) (*stream, error) {
	url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	overSPDY := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	overWebSocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, config)
	if err != nil {
		return nil, err
	}
	dialer := portforward.NewFallbackDialerForStreaming(overWebSocket, overSPDY, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	conn, err := dial(ctx, dialer)
	if err != nil {
		return nil, err
	}
	s, err := newStream(conn, port)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

// dial is given up when ctx ends: the dialer knows no contexts, and what it opens afterwards is closed.
func dial(ctx context.Context, d httpstream.Dialer) (httpstream.Connection, error) {
	type result struct {
		conn httpstream.Connection
		err  error
	}
	done := make(chan result, 1)
	go func() {
		conn, _, err := d.Dial(portforward.PortForwardProtocolV1Name)
		done <- result{conn, err}
	}()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.conn != nil {
				_ = r.conn.Close() // nobody waits for it any more
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// longestReason is how much is read of what the kubelet says.
const longestReason = 1 << 10

// stream is a connection to a port of a pod.
type stream struct {
	net.Conn // nil: for the methods that a DNS connection over TCP does not use

	conn   httpstream.Connection
	data   httpstream.Stream
	failed chan string // what the kubelet says when it could not connect; closed without
}

func newStream(conn httpstream.Connection, port int) (*stream, error) {
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	errs, err := conn.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	s := &stream{conn: conn, failed: make(chan string, 1)}
	go func() {
		defer close(s.failed)
		if text, _ := io.ReadAll(io.LimitReader(errs, longestReason)); len(text) > 0 {
			s.failed <- string(text)
		}
	}()
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	if s.data, err = conn.CreateStream(headers); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *stream) Read(p []byte) (int, error)  { return s.data.Read(p) }
func (s *stream) Write(p []byte) (int, error) { return s.data.Write(p) }
func (s *stream) Close() error                { return s.conn.Close() }

// explain returns what the kubelet or the end of ctx have to say of an error of the stream.
func (s *stream) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case text, ok := <-s.failed:
		if ok {
			return errors.New(text)
		}
	case <-time.After(time.Second):
	}
	return err
}
