package httpserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func TestServeLetsRequestsFinish(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	arrived := make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-ctx.Done() // the server is told to end while this request is under way
		time.Sleep(20 * time.Millisecond)
		fmt.Fprint(w, "finished")
	})}
	ln := listen(t)
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, srv, ln, 10*time.Second) }()
	go func() { <-arrived; stop() }()

	resp, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "finished" {
		t.Errorf("request under way got %q, %v", body, err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
}

func TestServeEndsWhenTheGraceIsUsedUp(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	arrived := make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done() // ends only with its connection
	})}
	ln := listen(t)
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, srv, ln, 10*time.Millisecond) }()
	go func() {
		if resp, err := http.Get("http://" + ln.Addr().String()); err == nil {
			resp.Body.Close()
		}
	}()
	<-arrived
	stop()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Serve still waits for a request that does not end")
	}
}

func TestServeReportsAListenerThatBreaks(t *testing.T) {
	ln := listen(t)
	ln.Close()
	if err := Serve(t.Context(), &http.Server{}, ln, time.Second); err == nil {
		t.Error("Serve on a closed listener gave no error")
	}
}
