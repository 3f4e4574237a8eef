package fakeapi

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"k8s.io/client-go/rest"
)

// Server serves an API over TLS at an address of its own.
type Server struct {
	URL string
	CA  []byte // PEM
	// Close ends it, and what is under way. It may be called more than once.
	Close func()
}

// Serve serves the handler, which need not be an API, on the loopback interface.
func Serve(h http.Handler) *Server {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are what some tests are about
	s.StartTLS()
	return &Server{
		URL: s.URL,
		CA:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
		Close: func() {
			s.CloseClientConnections() // watches have no end of their own
			s.Close()
		},
	}
}

// Config is that of a client without limits.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: s.URL, BearerToken: "any", QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: s.CA}}
}
