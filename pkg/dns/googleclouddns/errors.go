package googleclouddns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/compute/metadata"
	"google.golang.org/api/googleapi"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// throttling are the reasons of answers that say that too much was asked for. That a zone or a project is full ("quotaExceeded") is not among
// them: waiting does not mend it.
var throttling = []string{"rateLimitExceeded", "userRateLimitExceeded", "concurrentLimitExceeded", "RATE_LIMIT_EXCEEDED"}

// told makes errors of the client ours: what was called, what the API says, and which kind it is.
func told(ctx context.Context, call string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", call, ctx.Err())
	}
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w", call, withoutURL(err))
	}
	reason := reasonOf(answer)
	said := fmt.Errorf("%s: %s", call, describe(answer, reason))
	switch {
	case answer.Code == http.StatusTooManyRequests || answer.Code == http.StatusForbidden && slices.Contains(throttling, reason):
		return &dns.Throttled{After: retryAfter(answer.Header), Err: said}
	case reason == "quotaExceeded":
		return said
	case answer.Code == http.StatusUnauthorized || answer.Code == http.StatusForbidden:
		return fmt.Errorf("%w: %w", dns.ErrDenied, said)
	case reason == "alreadyExists" && strings.Contains(answer.Message, "entity.managedZone"):
		return fmt.Errorf("%w: %w", errNameTaken, said)
	case answer.Code == http.StatusNotFound && strings.Contains(answer.Message, "parameters.managedZone"):
		return fmt.Errorf("%w: %w", dns.ErrNoZone, said)
	case answer.Code < http.StatusInternalServerError && strings.Contains(answer.Message, "entity.change"):
		return fmt.Errorf("%s: %w", call, &refusalError{answer: answer, reason: reason})
	}
	return said
}

func reasonOf(answer *googleapi.Error) string {
	if len(answer.Errors) == 0 {
		return ""
	}
	return answer.Errors[0].Reason
}

// describe is what an answer says, without what a proxy in between may have written.
func describe(answer *googleapi.Error, reason string) string {
	if answer.Message == "" {
		return fmt.Sprintf("HTTP status %d", answer.Code)
	}
	message := answer.Message[:min(len(answer.Message), 500)]
	if reason == "" {
		return fmt.Sprintf("%d: %s", answer.Code, message)
	}
	return fmt.Sprintf("%d %s: %s", answer.Code, reason, message)
}

// retryAfter is how long an answer asks to wait; zero if it does not.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// withoutURL is what a request failed for.
func withoutURL(err error) error {
	var sent *url.Error
	if errors.As(err, &sent) {
		return sent.Err
	}
	return err
}

// toldIdentity says why there is no token. Only what somebody decided is a denial: what gives tokens out may be away for a while. Of answers, only
// the code is told: they may have parts of what was sent in them.
func toldIdentity(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var answer *auth.Error
	var machine *metadata.Error
	var sent *url.Error
	written := answerWritten.FindStringSubmatchIndex(err.Error())
	switch {
	case errors.As(err, &answer) && answer.Response != nil:
		return toldToken(answer.Response.StatusCode, answer.Response.Header, answer.Body)
	case errors.As(err, &machine):
		return toldToken(machine.Code, nil, nil)
	case errors.As(err, &sent) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("get a token: %w", withoutURL(err))
	case written != nil:
		status, _ := strconv.Atoi(err.Error()[written[2]:written[3]])
		return toldToken(status, nil, []byte(err.Error()[written[1]:]))
	}
	return fmt.Errorf("%w: %w", dns.ErrDenied, err)
}

// answerWritten finds answers in errors of the client's that have no type: those of exchanges of tokens for others. What follows is their body.
var answerWritten = regexp.MustCompile(`credentials: status code (\d{3}): `)

func toldToken(status int, header http.Header, answer []byte) error {
	said := fmt.Errorf("get a token: HTTP status %d", status)
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(answer, &body) == nil && slices.Contains(tokenErrors, body.Error) {
		said = fmt.Errorf("%w: %s", said, body.Error)
	}
	switch {
	case status == http.StatusTooManyRequests:
		return &dns.Throttled{After: retryAfter(header), Err: said}
	case status >= http.StatusInternalServerError:
		return said
	}
	return fmt.Errorf("%w: %w", dns.ErrDenied, said)
}

// tokenErrors are the codes that there are (RFC 6749, section 5.2).
var tokenErrors = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
