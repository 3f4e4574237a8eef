package release

import (
	"context"
	"errors"
	"io"
	"testing"
)

func TestExplain(t *testing.T) {
	const failed = "failed pre-install: 1 error occurred:\n\t* job fellowship-pki failed: BackoffLimitExceeded\n\n"
	tests := []struct {
		name string
		logs map[string]string // by pod
		err  string
		want string
	}{
		{
			name: "a hook speaks for itself",
			logs: map[string]string{"a": "started\nerror: Secret \"mine\" has no key ca.crt; add it\n"},
			err:  failed, want: `hook fellowship-pki: Secret "mine" has no key ca.crt; add it`,
		},
		{
			name: "its error line is found among others",
			logs: map[string]string{"a": "error: the first\nerror: the last\nbye\n"},
			err:  failed, want: "hook fellowship-pki: the last",
		},
		{
			name: "a hook that crashed leaves its last line",
			logs: map[string]string{"a": "starting\npanic: oh\n"},
			err:  failed, want: "hook fellowship-pki: panic: oh",
		},
		{
			name: "a hook without a word is told of by its Job",
			err:  failed, want: "hook fellowship-pki: the Job failed: BackoffLimitExceeded",
		},
		{
			name: "a hook whose own limit is over is no matter of --timeout",
			err:  "failed pre-install: job fellowship-pki failed: DeadlineExceeded",
			want: "hook fellowship-pki: the Job failed: DeadlineExceeded, which is not the --timeout: --set controlPlane.hooks.timeoutSeconds=SECONDS gives hooks more time",
		},
		{
			name: "Helm's lists become one line",
			err:  "Unable to continue with install: 2 errors occurred:\n\t* one\n\t* two\n\n",
			want: "helm: Unable to continue with install: 2 errors occurred: one two",
		},
		{
			name: "an object in the way has a way out",
			err:  `Unable to continue with install: Service "a" in namespace "b" exists and cannot be imported into the current release: invalid ownership metadata; missing key`,
			want: `helm: Unable to continue with install: Service "a" in namespace "b" exists and cannot be imported into the current release: invalid ownership metadata; missing key; remove the object, or choose another name or namespace`,
		},
		{
			name: "a limit of Helm's own is a deadline",
			err:  "failed post-install: timed out waiting for the condition",
			want: context.DeadlineExceeded.Error(),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newFake(t)
			for pod, text := range tt.logs {
				if _, err := io.WriteString(c.cfg.HookOutputFunc(namespace, pod, "hook"), text); err != nil {
					t.Fatal(err)
				}
			}
			if got := c.explain(context.Background(), errors.New(tt.err)); got.Error() != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestHookLogForgets(t *testing.T) {
	l := newHookLog()
	early := l.writer("a")
	write := func(text string) {
		if _, err := io.WriteString(early, text); err != nil {
			t.Fatal(err)
		}
	}
	write("error: old\n")
	l.reset()
	write("error: late\n") // of a hook that nobody waits for any more
	if got := l.sentence(); got != "" {
		t.Errorf("after a reset the log says %q", got)
	}
}
