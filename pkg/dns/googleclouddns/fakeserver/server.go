// Package fakeserver is a server for tests that speaks the API of Google Cloud DNS, with its limits and its errors, and the part of OAuth that gives
// service accounts their tokens.
package fakeserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"

	"github.com/fedhelm/fedhelm/pkg/testutil/calls"
)

// Project is whose zones they are.
const Project = "fake-project"

// Error is an answer that something is not done.
type Error struct {
	Status     int
	Reason     string
	Message    string
	RetryAfter int // seconds; 0: it is not said
}

// Errors that Fail may return.
var (
	RateLimited     = &Error{Status: http.StatusForbidden, Reason: "rateLimitExceeded", Message: "Rate Limit Exceeded"}
	TooManyRequests = &Error{Status: http.StatusTooManyRequests, Reason: "rateLimitExceeded", Message: "Quota exceeded for quota metric 'Queries'", RetryAfter: 7}
	Forbidden       = &Error{Status: http.StatusForbidden, Reason: "forbidden", Message: "The caller does not have permission"}
	Unauthorized    = &Error{Status: http.StatusUnauthorized, Reason: "authError", Message: "Request had invalid authentication credentials."}
	Unavailable     = &Error{Status: http.StatusServiceUnavailable, Reason: "backendError", Message: "Backend Error"}
)

// Server is one. Its methods can be called at the same time. Its calls are named as the API's methods; those for tokens are none of them.
type Server struct {
	calls.Log[*Error]
	URL  string
	http *httptest.Server

	tokenCalls calls.Log[*Error]

	mu     sync.Mutex
	zones  map[string]*zone // by name as managed zones
	tokens map[string]bool  // that are good
	serial int              // of tokens, zones and changes
	broken bool             // no key gets a token
}

// New starts one without zones. It must be closed.
func New() *Server {
	s := &Server{zones: map[string]*zone{}, tokens: map[string]bool{}}
	mux := http.NewServeMux()
	const zones = "/dns/v1/projects/{project}/managedZones"
	mux.HandleFunc("GET "+zones, s.handle("managedZones.list", s.listZones))
	mux.HandleFunc("POST "+zones, s.handle("managedZones.create", s.createZone))
	mux.HandleFunc("GET "+zones+"/{zone}/rrsets", s.handle("resourceRecordSets.list", s.listRecords))
	mux.HandleFunc("POST "+zones+"/{zone}/changes", s.handle("changes.create", s.createChange))
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /exchange", s.exchange)
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	return s
}

// Close ends it.
func (s *Server) Close() { s.http.Close() }

// TokenCalls is how often a token was asked for, at one of the two endpoints for that: "token" or "exchange".
func (s *Server) TokenCalls(endpoint string) int { return s.tokenCalls.Calls(endpoint) }

// handle makes a method a handler: counted, authenticated, one at a time.
func (s *Server) handle(call string, method func(r *http.Request, body []byte) (any, *Error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
		if err != nil {
			return // the client has gone
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.Count(call)
		answer, refusal := s.answer(call, r, body, method)
		if refusal == nil {
			write(w, http.StatusOK, answer)
			return
		}
		if refusal.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(refusal.RetryAfter))
		}
		write(w, refusal.Status, refusal.document())
	}
}

func (s *Server) answer(call string, r *http.Request, body []byte, method func(*http.Request, []byte) (any, *Error)) (any, *Error) {
	if !s.authorized(r) {
		return nil, Unauthorized
	}
	if failure := s.Failure(call); failure != nil {
		return nil, failure
	}
	if project := r.PathValue("project"); project != Project {
		return nil, &Error{Status: http.StatusForbidden, Reason: "forbidden", Message: fmt.Sprintf("The caller does not have permission on project %q", project)}
	}
	return method(r, body)
}

func write(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // a client that has gone needs no answer
}

type object = map[string]any

func (e *Error) document() any {
	return object{"error": object{
		"code": e.Status, "message": e.Message,
		"errors": []object{{"message": e.Message, "domain": "global", "reason": e.Reason}},
	}}
}

func invalid(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Reason: "invalid", Message: fmt.Sprintf(format, args...)}
}
