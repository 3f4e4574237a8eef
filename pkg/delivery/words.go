package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

// longestMessage is that of a Report, in bytes.
const longestMessage = 512

// say makes a message of a Report.
func say(format string, args ...any) string {
	return printable.Line(fmt.Sprintf(format, args...), longestMessage)
}

// plain is an error in words that do not change from one try to the next, and show nothing but what the member has to say.
func plain(err error) string {
	var status apierrors.APIStatus
	switch {
	case errors.As(err, &status):
		return say("the member says: %s", status.Status().Message)
	case errors.Is(err, context.DeadlineExceeded):
		return "the member did not answer in time"
	default:
		return say("the member did not answer: %v", err)
	}
}

// discreet is as plain, for an object of which nothing may be shown: what is wrong with which fields.
func discreet(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return plain(err)
	}
	s := status.Status()
	words := []string{string(s.Reason)}
	if s.Reason == "" {
		words[0] = fmt.Sprintf("code %d", s.Code)
	}
	if s.Details != nil {
		for _, cause := range s.Details.Causes {
			if cause.Field != "" && isFieldPath(cause.Field) {
				words = append(words, cause.Field+" ("+string(cause.Type)+")")
			}
		}
	}
	return say("the member says: %s; what else it says is not shown, since it may be secret", strings.Join(words, ", "))
}

// isFieldPath keeps out of messages what a server might say in the place of a field: keys of a Secret are no secret, values are.
func isFieldPath(s string) bool {
	return len(s) < 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == ':' || r == '='
	})
}

// causes returns those of an answer that name the field; all of them if it is "".
func causes(err error, field string) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var found []metav1.StatusCause
	for _, c := range status.Status().Details.Causes {
		if field == "" || c.Field == field {
			found = append(found, c)
		}
	}
	return found
}

func messageOf(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return status.Status().Message
	}
	return ""
}

// isAnother tells that an object has another UID than we said: it is not the one that was seen.
func isAnother(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsInvalid(err) && len(causes(err, "metadata.uid")) > 0
}

// isImmutable tells that a field cannot be changed. Not all validations say so by a cause of its own.
func isImmutable(err error) bool {
	if !apierrors.IsInvalid(err) {
		return false
	}
	for _, c := range causes(err, "") {
		m := strings.ToLower(c.Message)
		if strings.Contains(m, "immutable") || strings.Contains(m, "may not be changed") || strings.Contains(m, "may not change once set") ||
			strings.Contains(m, "updates to statefulset spec for fields other than") {
			return true
		}
	}
	return false
}

// isUnknownField tells that an apply names a field that the member's schema of the kind does not have.
func isUnknownField(err error) bool {
	return strings.Contains(messageOf(err), "not declared in schema")
}

// isWebhook tells that an admission webhook did not answer: that is the object's bad luck, not the member's.
func isWebhook(err error) bool {
	message := messageOf(err)
	return strings.Contains(message, "failed calling webhook") || strings.Contains(message, "conversion webhook for")
}

// isTooLarge tells that the member's storage does not take so much, which its API server tells as a fault of its own.
func isTooLarge(err error) bool {
	return apierrors.IsRequestEntityTooLargeError(err) || strings.Contains(messageOf(err), "request is too large")
}

// isTerminating tells that a namespace takes nothing new, since it is on its way out.
func isTerminating(err error) bool {
	return apierrors.HasStatusCause(err, "NamespaceTerminating")
}

// isRefusedByRBAC tells a lack of rights from the other reasons why something may be forbidden, such as a quota.
func isRefusedByRBAC(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(messageOf(err), " cannot ") && strings.Contains(messageOf(err), " resource ")
}

// isUnserved tells that the member does not know the kind, rather than the object.
func isUnserved(err error) bool {
	if apierrors.IsMethodNotSupported(err) {
		return true
	}
	if isStray(err) {
		return false
	}
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	details := status.Status().Details
	return details == nil || details.Name == "" || len(causes(err, "")) > 0 && strings.Contains(status.Status().Message, "could not find the requested resource")
}

// isMissing tells that the member has no such object.
func isMissing(err error) bool { return apierrors.IsNotFound(err) && !isUnserved(err) && !isStray(err) }

// isStray tells that it was no API server that knows no such thing, but something on the way to it, such as a load balancer: an API server
// says so in a Status, or in a text of its own.
func isStray(err error) bool {
	return apierrors.IsNotFound(err) && slices.ContainsFunc(causes(err, ""), func(c metav1.StatusCause) bool {
		return c.Type == metav1.CauseTypeUnexpectedServerResponse && c.Message != "" && !strings.Contains(c.Message, "404 page not found")
	})
}

// isMissingNamespace tells that the namespace of an object is not there.
func isMissingNamespace(err error) bool {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	details := status.Status().Details
	return details != nil && details.Kind == "namespaces" && details.Name != ""
}
