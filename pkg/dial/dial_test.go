package dial

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// lost answers an attempt never, as a packet that was lost.
func lost(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestALostAttemptIsNotWaitedFor(t *testing.T) {
	server, client := net.Pipe()
	defer server.Close()
	var attempts atomic.Int32
	conn, err := hedged(t.Context(), "tcp", "etcd:2379", func(ctx context.Context, _, _ string) (net.Conn, error) {
		if attempts.Add(1) < 3 {
			return lost(ctx)
		}
		return client, nil
	})
	if err != nil || conn != client {
		t.Fatalf("got %v, %v; want the connection of the third attempt", conn, err)
	}
}

func TestARefusalIsAnAnswer(t *testing.T) {
	refused := errors.New("connection refused")
	var attempts atomic.Int32
	_, err := hedged(t.Context(), "tcp", "etcd:2379", func(context.Context, string, string) (net.Conn, error) {
		attempts.Add(1)
		return nil, refused
	})
	if !errors.Is(err, refused) || attempts.Load() != 1 {
		t.Fatalf("%d attempts ended with %v; want one, refused", attempts.Load(), err)
	}
}

func TestConnectionsThatCameTooLateAreClosed(t *testing.T) {
	first, _ := net.Pipe()
	late, far := net.Pipe()
	var attempts atomic.Int32
	conn, err := hedged(t.Context(), "tcp", "etcd:2379", func(ctx context.Context, _, _ string) (net.Conn, error) {
		if attempts.Add(1) == 1 {
			<-ctx.Done() // answered all the same
			return late, nil
		}
		return first, nil
	})
	if err != nil || conn != first {
		t.Fatalf("got %v, %v; want the connection that came first", conn, err)
	}
	if err := far.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("the far end reads %v; want that the connection was closed", err)
	}
}

func isTimeout(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

func TestItEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := hedged(ctx, "tcp", "etcd:2379", func(ctx context.Context, _, _ string) (net.Conn, error) { return lost(ctx) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the time is up", err)
	}
}

func TestHedgedReachesAServer(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := Hedged(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
