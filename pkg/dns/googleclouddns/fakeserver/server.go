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

// Server is one. Its methods can be called at the same time.
type Server struct {
	URL  string
	http *httptest.Server

	mu     sync.Mutex
	zones  map[string]*zone // by name as managed zones
	calls  map[string]int
	fail   func(call string) *Error
	tokens map[string]bool // that are good
	serial int             // of tokens, zones and changes
	broken bool            // no key gets a token
}

// New starts one without zones. It must be closed.
func New() *Server {
	s := &Server{zones: map[string]*zone{}, calls: map[string]int{}, tokens: map[string]bool{}}
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

// Fail asks a function before every call, which is the name of the API's method: an error is the answer. Nil lets all be.
func (s *Server) Fail(fail func(call string) *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// Calls is how many of a method there were; of all if it is "". Refused ones count; requests for tokens do only by name: "token", "exchange".
func (s *Server) Calls(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call != "" {
		return s.calls[call]
	}
	all := 0
	for name, n := range s.calls {
		if name != "token" && name != "exchange" {
			all += n
		}
	}
	return all
}

// handle makes a method a handler: counted, authenticated, one at a time.
func (s *Server) handle(call string, method func(r *http.Request, body []byte) (any, *Error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
		if err != nil {
			return // the client has gone
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls[call]++
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
	if s.fail != nil {
		if err := s.fail(call); err != nil {
			return nil, err
		}
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
