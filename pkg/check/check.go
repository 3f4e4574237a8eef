// Package check examines a federation that is at work: its control plane in the host cluster, its API, and each of its
// members, from all sides that can be seen from here. The checks only read, each says what it found, and of what is wrong
// how to mend it. What must be true before a command writes is the business of package preflight.
package check

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Level is how a check went.
type Level string

// The levels, from good to bad. Skipped is neither: there was no way to tell.
const (
	OK      Level = "ok"
	Skipped Level = "skipped"
	Warning Level = "warning"
	Failure Level = "failure"
)

// Outcome is what a check found. Nothing in it is secret.
type Outcome struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`           // a clause that names the object and what is so, or wrong, or why it was skipped
	Mend  string `json:"mend,omitempty"` // of warnings and failures: a command to copy, perhaps with a comment behind "#", or a clause
	// Blocker is the check that has to go well first; "" unless that is why this one was skipped.
	Blocker string `json:"blocker,omitempty"`
}

// Check is one question.
type Check struct {
	Category string // the heading that it stands under: see the Category constants, or the name of a member
	Name     string // what the documentation lists it by; unique within its category
	// Needs names checks of the same category without whose success there is nothing to be learned: this one runs after
	// them, and is skipped unless each is OK or a Warning.
	Needs []string
	// Limit is its time-out; 0 is defaultLimit.
	Limit time.Duration
	// Run asks. It need not mind ctx's deadline: an Outcome that comes too late is told as a failure.
	Run func(ctx context.Context) Outcome
}

// Categories of checks. Those of a member stand under MemberCategory.
const (
	CategoryHost         = "host cluster"
	CategoryControlPlane = "control plane"
	CategoryAPI          = "federation API"
	CategoryCertificates = "certificates"
)

// MemberCategory is the heading of a member's checks.
func MemberCategory(name string) string { return memberPrefix + name }

const memberPrefix = "member "

// Result is a check that was made.
type Result struct {
	Category string `json:"category"`
	Name     string `json:"name"`
	Outcome
}

// again is what mends what may pass by itself.
const again = "try again; if it stays so, look at the network between here and there"

// unseen is the outcome of a check that could not look, at what doing says: skipped if the user may not, which is nothing that is wrong.
func unseen(err error, doing string, args ...any) Outcome {
	text := fmt.Sprintf(doing, args...) + ": " + inOneLine(brief(err))
	if apierrors.IsForbidden(err) {
		return skipped("%s", text)
	}
	return failure(again, "%s", text)
}

func ok(format string, args ...any) Outcome {
	return Outcome{Level: OK, Text: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) Outcome {
	return Outcome{Level: Skipped, Text: fmt.Sprintf(format, args...)}
}

func warning(mend, format string, args ...any) Outcome {
	return Outcome{Level: Warning, Text: fmt.Sprintf(format, args...), Mend: mend}
}

func failure(mend, format string, args ...any) Outcome {
	return Outcome{Level: Failure, Text: fmt.Sprintf(format, args...), Mend: mend}
}
