// Package dial opens connections to Services that are only just coming up.
package dial

import (
	"context"
	"net"
	"time"
)

// patience is how long an attempt may go without an answer before another one is made beside it. Far more than a cluster's network
// takes, and far less than the second after which a system repeats the first packet of a connection by itself.
const patience = 150 * time.Millisecond

// Hedged dials like net.Dialer, but does not wait for a packet that was lost: while no attempt is answered it begins further
// ones, and the first connection wins. Packets to a Service vanish while the node's rules for it are being written. A
// refusal is an answer. It fits http.Transport.DialContext and rest.Config.Dial.
func Hedged(ctx context.Context, network, address string) (net.Conn, error) {
	return hedged(ctx, network, address, (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext)
}

type attempt struct {
	conn net.Conn
	err  error
}

func hedged(ctx context.Context, network, address string, dial func(context.Context, string, string) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt)
	begin := func() {
		conn, err := dial(ctx, network, address)
		select {
		case results <- attempt{conn, err}:
		case <-ctx.Done(): // another one won, or the caller has gone
			if conn != nil {
				_ = conn.Close() // nobody used it
			}
		}
	}
	ticker := time.NewTicker(patience)
	defer ticker.Stop()
	go begin()
	for {
		select {
		case first := <-results:
			return first.conn, first.err
		case <-ticker.C:
			go begin()
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
