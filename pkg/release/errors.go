package release

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// HookError is the failure of a hook Job.
type HookError struct {
	Job     string // its name
	Message string // the hook's own last error, or what Kubernetes said of the Job
	Silent  bool   // the hook itself said nothing
}

func (e *HookError) Error() string { return fmt.Sprintf("hook %s: %s", e.Job, e.Message) }

// helmTimedOut is what is left of the error when Helm has wrapped it as text.
const helmTimedOut = "timed out waiting for the condition"

// foreignObject is what Helm says of an object in its way that belongs to no release, or to another.
const foreignObject = "invalid ownership metadata"

var failedJob = regexp.MustCompile(`job (\S+) failed: (\S+)`)

// explain turns Helm's error into one that says what happened: a failed hook speaks for itself, and a limit that ran out is
// ctx's error, whichever of Helm's waits ran into it.
func (c *Client) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if values := chartError(err); values != nil {
		return values
	}
	if job := failedJob.FindStringSubmatch(err.Error()); job != nil {
		if message := c.hookLog.sentence(); message != "" {
			return &HookError{Job: job[1], Message: message}
		}
		message := "the Job failed: " + job[2]
		if job[2] == batchv1.JobReasonDeadlineExceeded {
			message += ", which is not the --timeout: --set controlPlane.hooks.timeoutSeconds=SECONDS gives hooks more time"
		}
		return &HookError{Job: job[1], Message: message, Silent: true}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wait.Interrupted(err) || strings.Contains(err.Error(), helmTimedOut) {
		return context.DeadlineExceeded // Helm's own limit, a moment before that of ctx
	}
	text := oneLine(err.Error())
	if strings.Contains(text, foreignObject) {
		text += "; remove the object, or choose another name or namespace"
	}
	return fmt.Errorf("helm: %s", text)
}

// oneLine undoes the lists into which Helm folds several errors.
func oneLine(text string) string {
	var parts []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "* ")
		if line != "" {
			parts = append(parts, line)
		}
	}
	return strings.NewReplacer("1 error occurred: ", "").Replace(strings.Join(parts, " "))
}
