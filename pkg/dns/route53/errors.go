package route53

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Codes of the API's errors, by what they mean. Some services behind it have codes of their own for the same.
var (
	throttling = []string{
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",
		"PriorRequestNotComplete",
	}
	denials = []string{
		"AccessDenied", "AccessDeniedException", "AuthFailure", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId",
		"InvalidClientTokenId", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "NotAuthorizedException", "OptInRequired",
		"RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
	}
	// plain are those denials whose messages say what is not allowed. Others can have parts of the request in them, and so of the credentials.
	plain = []string{"AccessDenied", "AccessDeniedException", "NotAuthorizedException", "OptInRequired"}
	// away are answers that what is behind STS does not answer, though they look like a client's fault.
	away = []string{"IDPCommunicationError"}
)

// errZoneMade says that a zone was made by an earlier request with the same reference.
var errZoneMade = errors.New("the zone was made before")

// told makes errors of the client ours: what was called, what the API says, and which kind it is.
func told(ctx context.Context, call string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", call, ctx.Err())
	}
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w", call, passing(err))
	}
	code, message := answer.ErrorCode(), answer.ErrorMessage()
	var batch *types.InvalidChangeBatch
	if errors.As(err, &batch) && len(batch.Messages) > 0 {
		message = strings.Join(batch.Messages, ", ")
	}
	said := fmt.Errorf("%s: %s: %s", call, code, message)
	if code == message { // it was none of the API's
		said = fmt.Errorf("%s: HTTP status %d", call, status(err))
	}
	switch status := status(err); {
	case slices.Contains(throttling, code) || status == 429:
		return &dns.Throttled{Err: said}
	case slices.Contains(plain, code):
		return fmt.Errorf("%w: %w", dns.ErrDenied, said)
	case slices.Contains(denials, code) || status == 401 || status == 403:
		return fmt.Errorf("%w: %s: %s", dns.ErrDenied, call, code)
	case code == "InvalidChangeBatch", code == "InvalidInput" && !strings.Contains(message, "hostedZoneId"):
		return fmt.Errorf("%s: %w", call, &refusalError{message: message})
	case code == "HostedZoneAlreadyExists":
		return fmt.Errorf("%w: %w", errZoneMade, said)
	case code == "NoSuchHostedZone":
		return fmt.Errorf("%w: %w", dns.ErrNoZone, said)
	}
	return said
}

// passing is an error without an answer. Only its root is told, since the client's own words are many.
func passing(err error) error {
	var sent *smithy.OperationError
	if errors.As(err, &sent) {
		err = sent.Err
	}
	if status := status(err); status >= 300 {
		return fmt.Errorf("HTTP status %d", status)
	}
	return err
}

func status(err error) int {
	var answered *smithyhttp.ResponseError
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode()
	}
	return 0
}

// statusOf is that of answers which know it themselves: those of agents.
func statusOf(answer smithy.APIError) int {
	if known, ok := answer.(interface{ HTTPStatusCode() int }); ok {
		return known.HTTPStatusCode()
	}
	return 0
}

// toldCredentials says why there are none. Only what somebody decided is a denial: what gives credentials out may be away for a while. Of answers,
// only the code is told if the message may have parts of what was sent in it.
func toldCredentials(ctx context.Context, err error) error {
	var answer smithy.APIError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &answer):
		return toldAnswer(answer, cmp.Or(status(err), statusOf(answer)))
	case status(err) == 429:
		return &dns.Throttled{Err: fmt.Errorf("get credentials: %w", passing(err))}
	case unanswered(err) && fromMachine(err):
		return fmt.Errorf("get credentials: none are configured (access-key-id and secret-access-key), the pod has no identity, and the machine's metadata service fails: %w", passing(err))
	case unanswered(err):
		return fmt.Errorf("get credentials: %w", passing(err))
	}
	return fmt.Errorf("%w: no credentials: set access-key-id and secret-access-key in the provider's configuration, or give the pod an identity: %w", dns.ErrDenied, passing(err))
}

func toldAnswer(answer smithy.APIError, status int) error {
	code := answer.ErrorCode()
	said := fmt.Errorf("get credentials: %s", code)
	if code == "" || code == "UnknownError" { // gates and agents in between answer in words of their own
		said = fmt.Errorf("get credentials: HTTP status %d", status)
	}
	switch {
	case slices.Contains(throttling, code) || status == 429:
		return &dns.Throttled{Err: said}
	case answer.ErrorFault() == smithy.FaultServer || status >= 500 || slices.Contains(away, code):
		return said
	case slices.Contains(plain, code):
		return fmt.Errorf("%w: %w: %s", dns.ErrDenied, said, answer.ErrorMessage())
	}
	return fmt.Errorf("%w: %w", dns.ErrDenied, said)
}

// unanswered tells that a request was not sent, was not answered in time, or not by what it was for.
func unanswered(err error) bool {
	var unsent *smithyhttp.RequestSendError
	return errors.As(err, &unsent) || errors.Is(err, context.DeadlineExceeded) || status(err) >= 500
}

// fromMachine tells whether the machine was asked, which is the last that is.
func fromMachine(err error) bool {
	var asked *smithy.OperationError
	return errors.As(err, &asked) && asked.ServiceID == "ec2imds"
}
