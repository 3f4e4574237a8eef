package aggregate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"

	"github.com/fedhelm/fedhelm/pkg/aggregate"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

const (
	jobRuns     = `{"startTime":"2026-01-01T10:00:00Z","active":1,"ready":1,"succeeded":1,"terminating":0,"uncountedTerminatedPods":{}}`
	jobComplete = `{"startTime":"2026-01-01T10:00:00Z","completionTime":"2026-01-01T11:00:00Z","succeeded":2,"ready":0,"terminating":0,
		"conditions":[{"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}]}`
	jobFailed = `{"startTime":"2026-01-01T09:00:00Z","succeeded":1,"failed":3,"ready":0,
		"conditions":[{"type":"FailureTarget","status":"True","reason":"BackoffLimitExceeded","message":"too often"},
			{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"too often"}]}`
	jobSuspended = `{"ready":0,"conditions":[{"type":"Suspended","status":"True"}]}`
	jobResumed   = `{"startTime":"2026-01-01T10:00:00Z","active":1,"ready":1,"conditions":[{"type":"Suspended","status":"False"}]}`
)

func TestJob(t *testing.T) {
	tests := []struct {
		name  string
		share shape.Share
		was   string
		parts []aggregate.Part
		// want is active ready succeeded failed START COMPLETION, then a line for each condition.
		want string
	}{
		{
			name: "numbers are summed up, and it has begun when the first part has", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobRuns), has("rohan", completions(2), `{"startTime":"2026-01-01T09:00:00Z","active":2,"failed":1}`)},
			want:  "3 1 1 1 09:00 -",
		},
		{
			name: "it is complete when all parts are, at the time of the last", share: completions(4),
			parts: []aggregate.Part{has("rohan", completions(2), jobComplete), has("gondor", completions(2), `{"startTime":"2026-01-01T10:00:00Z",
				"completionTime":"2026-01-01T11:30:00Z","succeeded":2,"conditions":[{"type":"Complete","status":"True"}]}`)},
			want: "0 0 4 0 10:00 11:30\nSuccessCriteriaMet CompletionsReached Reached expected number of succeeded pods\nComplete CompletionsReached Reached expected number of succeeded pods",
		},
		{
			name: "one part that is not complete is enough to wait", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobComplete), has("rohan", completions(2), jobRuns)},
			want:  "1 1 3 0 10:00 -",
		},
		{
			name: "one part that says twice that it is complete is one", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), `{"succeeded":2,"conditions":[{"type":"Complete","status":"True"},{"type":"Complete","status":"True"}]}`), has("rohan", completions(2), jobRuns)},
			want:  "1 1 3 0 10:00 -",
		},
		{
			name: "completions without a member are waited for", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobComplete)},
			want:  "0 0 2 0 10:00 -",
		},
		{
			name: "a part that finished, and whose copy has gone, is remembered", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobComplete), recalls("rohan", completions(2), aggregate.Known{Ready: 2, Complete: true})},
			want:  "0 0 4 0 10:00 11:00\nSuccessCriteriaMet CompletionsReached Reached expected number of succeeded pods\nComplete CompletionsReached Reached expected number of succeeded pods",
		},
		{
			name: "when all that finished is remembered, it is complete now", share: completions(2),
			parts: []aggregate.Part{recalls("rohan", completions(2), aggregate.Known{Ready: 2, Complete: true})},
			want:  "0 - 2 0 12:00 12:00\nSuccessCriteriaMet CompletionsReached Reached expected number of succeeded pods\nComplete CompletionsReached Reached expected number of succeeded pods",
		},
		{
			name: "it has failed when one part has, which is named, and no pods are reported any more", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobRuns), has("rohan", completions(2), jobFailed)},
			want:  "0 0 2 3 09:00 -\nFailureTarget BackoffLimitExceeded rohan: too often\nFailed BackoffLimitExceeded rohan: too often",
		},
		{
			name: "it is suspended when all parts are that have not finished", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobSuspended), has("rohan", completions(2), jobComplete)},
			want:  "0 0 2 0 10:00 -\nSuspended JobSuspended Job suspended",
		},
		{
			name: "a part that is complete counts as that alone, whatever else it says", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), `{"succeeded":2,"conditions":[{"type":"Suspended","status":"True"},{"type":"Complete","status":"True"}]}`), has("rohan", completions(2), jobRuns)},
			want:  "1 1 3 0 10:00 -",
		},
		{
			name: "a part that says twice that it is suspended is one", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), `{"conditions":[{"type":"Suspended","status":"True"},{"type":"Suspended","status":"True"}]}`), has("rohan", completions(2), jobRuns)},
			want:  "1 1 1 0 10:00 -\nSuspended=False JobResumed Job resumed",
		},
		{
			name: "it is not suspended any more when a part is not", share: completions(4),
			parts: []aggregate.Part{has("gondor", completions(2), jobSuspended), has("rohan", completions(2), jobResumed)},
			want:  "1 1 0 0 10:00 -\nSuspended=False JobResumed Job resumed",
		},
		{
			name: "counts do not fall, and the start does not move", share: completions(4),
			was:   `{"startTime":"2026-01-01T09:30:00Z","succeeded":3,"failed":2}`,
			parts: []aggregate.Part{has("gondor", completions(2), jobRuns)},
			want:  "1 1 3 2 09:30 -",
		},
		{
			name: "what is complete stays so, whatever becomes of its parts", share: completions(4),
			was:   jobComplete,
			parts: []aggregate.Part{has("gondor", completions(2), jobFailed)},
			want:  "0 0 2 0 10:00 11:00\nSuccessCriteriaMet  \nComplete  ",
		},
		{
			name: "a Job with nothing to do is complete", share: completions(0),
			want: "0 - 0 0 12:00 12:00\nSuccessCriteriaMet CompletionsReached Reached expected number of succeeded pods\nComplete CompletionsReached Reached expected number of succeeded pods",
		},
		{
			name: "a Job that is not placed yet is not complete", share: completions(2),
			want: "0 - 0 0 - -",
		},
		{
			name: "more cannot be ready than active", share: completions(2),
			parts: []aggregate.Part{has("gondor", completions(2), `{"active":1,"ready":2}`)},
			want:  "1 1 0 0 - -",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := statusOf[batchv1.JobStatus](t, source("jobs.batch", tt.share, tt.was), tt.parts...)
			readyPods, start, end := "-", "-", "-"
			if s.Ready != nil {
				readyPods = fmt.Sprint(*s.Ready)
			}
			if s.StartTime != nil {
				start = s.StartTime.UTC().Format("15:04")
			}
			if s.CompletionTime != nil {
				end = s.CompletionTime.UTC().Format("15:04")
			}
			got := fmt.Sprintf("%d %s %d %d %s %s", s.Active, readyPods, s.Succeeded, s.Failed, start, end)
			for _, c := range s.Conditions {
				name := string(c.Type)
				if c.Status != "True" {
					name += "=" + string(c.Status)
				}
				got += fmt.Sprintf("\n%s %s %s", name, c.Reason, c.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAJobThatRunsInOneMemberHasItsIndexes(t *testing.T) {
	const indexed = `{"succeeded":2,"completedIndexes":"0,1"}`
	s := source("jobs.batch", completions(4), "")
	if got := statusOf[batchv1.JobStatus](t, s, has("gondor", completions(4), indexed)); got.CompletedIndexes != "0,1" {
		t.Errorf("indexes %q", got.CompletedIndexes)
	}
	if got := statusOf[batchv1.JobStatus](t, s, has("gondor", completions(2), indexed), has("rohan", completions(2), indexed)); got.CompletedIndexes != "" {
		t.Errorf("indexes %q of two members", got.CompletedIndexes)
	}
}

func TestAJobThatIsCompleteIsNotWrittenAgain(t *testing.T) {
	s := source("jobs.batch", completions(2), "")
	parts := []aggregate.Part{has("gondor", completions(2), jobComplete)}
	s.Status = []byte(patch(t, s, parts...)) // of nothing, it is the status itself
	s.Now = s.Now.Add(time.Hour)
	if p := patch(t, s, parts...); p != "" {
		t.Errorf("patch %s", p)
	}
}
