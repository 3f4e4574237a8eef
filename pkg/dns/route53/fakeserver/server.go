// Package fakeserver is a server for tests that speaks Amazon Route 53's API, with its limits and its errors, and the part of STS that gives roles
// their credentials.
package fakeserver

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/time/rate"

	"github.com/fedhelm/fedhelm/pkg/testutil/calls"
)

const (
	version   = "2013-04-01"
	namespace = "https://route53.amazonaws.com/doc/2013-04-01/"
)

// changeTime is how long changes of records take.
const changeTime = 2 * time.Millisecond

// Keys that a Server accepts from its start.
const (
	AccessKeyID     = "FAKEKEY"
	SecretAccessKey = "fake/secret/access/key/0123456789abcdefgh" //nolint:gosec // it opens nothing but a Server
)

// Error is an answer that something is not done.
type Error struct {
	Status   int
	Code     string
	Message  string
	Messages []string // several, as answers about changes have them sometimes; instead of Message
}

// Errors that Fail may return.
var (
	Throttling       = &Error{Status: http.StatusBadRequest, Code: "Throttling", Message: "Rate exceeded"}
	PriorNotComplete = &Error{Status: http.StatusBadRequest, Code: "PriorRequestNotComplete", Message: "The request was rejected because Route 53 was still processing a prior request."}
	AccessDenied     = &Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "User: arn:aws:iam::123456789012:user/fedhelm is not authorized to perform this"}
	Internal         = &Error{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: "We encountered an internal error. Please try again."}
)

// Server is one. Its methods can be called at the same time. Its calls are named as the API's operations.
type Server struct {
	calls.Log[*Error]
	URL  string
	http *httptest.Server

	changing sync.Mutex // held while records are changed: what comes meanwhile is refused

	mu      sync.Mutex
	keys    map[string]aws.Credentials // by access key id
	zones   []*zone
	pace    *rate.Limiter
	changes int
}

// New starts one without zones. It must be closed.
func New() *Server {
	s := &Server{pace: rate.NewLimiter(rate.Inf, 0), keys: map[string]aws.Credentials{
		AccessKeyID: {AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+version+"/hostedzone", s.handle("ListHostedZones", s.listZones))
	mux.HandleFunc("POST /"+version+"/hostedzone", s.handle("CreateHostedZone", s.createZone))
	mux.HandleFunc("GET /"+version+"/hostedzone/{id}/rrset", s.handle("ListResourceRecordSets", s.listRecords))
	mux.HandleFunc("POST /"+version+"/hostedzone/{id}/rrset", s.handle("ChangeResourceRecordSets", s.changeRecords))
	mux.HandleFunc("POST /{$}", s.assumeRole)
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	return s
}

// Close ends it.
func (s *Server) Close() { s.http.Close() }

// Limit lets in so many calls per second, and no more than burst at once. Further ones are throttled.
func (s *Server) Limit(perSecond float64, burst int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = rate.NewLimiter(rate.Limit(perSecond), burst)
}

// handle makes an operation a handler: counted, authenticated, one at a time.
func (s *Server) handle(call string, operation func(r *http.Request, body []byte) (any, *Error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
		if err != nil {
			return // the client has gone
		}
		free := call != "ChangeResourceRecordSets" || s.changing.TryLock()
		if free && call == "ChangeResourceRecordSets" {
			defer s.changing.Unlock()
			time.Sleep(changeTime)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.Count(call)
		if !free {
			write(w, PriorNotComplete.Status, PriorNotComplete.document())
			return
		}
		answer, refusal := s.answer(call, r, body, operation)
		if refusal != nil {
			write(w, refusal.Status, refusal.document())
			return
		}
		status := http.StatusOK
		if call == "CreateHostedZone" {
			status = http.StatusCreated
		}
		write(w, status, answer)
	}
}

func (s *Server) answer(call string, r *http.Request, body []byte, operation func(*http.Request, []byte) (any, *Error)) (any, *Error) {
	if !s.pace.Allow() {
		return nil, Throttling
	}
	if err := s.authenticate(r, body, "route53"); err != nil {
		return nil, err
	}
	if failure := s.Failure(call); failure != nil {
		return nil, failure
	}
	return operation(r, body)
}

func write(w http.ResponseWriter, status int, document any) {
	text, err := xml.Marshal(document)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-RequestId", "7eb28fd5-9ce6-11e4-a8e8-9f105805808f")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), text...)) //nolint:gosec // XML to a client of tests; one that has gone needs no answer
}

func (e *Error) document() any {
	if e.Messages != nil {
		return struct {
			XMLName   xml.Name `xml:"InvalidChangeBatch"`
			Namespace string   `xml:"xmlns,attr"`
			Messages  []string `xml:"Messages>Message"`
			RequestID string   `xml:"RequestId"`
		}{Namespace: namespace, Messages: e.Messages, RequestID: "b25f48e8-84fd-11e6-80d9-574e0c4664cb"}
	}
	return struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Type      string   `xml:"Error>Type"`
		Code      string   `xml:"Error>Code"`
		Message   string   `xml:"Error>Message"`
		RequestID string   `xml:"RequestId"`
	}{Namespace: namespace, Type: "Sender", Code: e.Code, Message: e.Message, RequestID: "b25f48e8-84fd-11e6-80d9-574e0c4664cb"}
}

func badInput(format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: "InvalidInput", Message: fmt.Sprintf(format, args...)}
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }
