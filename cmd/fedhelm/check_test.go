package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/check"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

func TestReportAsText(t *testing.T) {
	gondor := check.MemberCategory("gondor")
	report := check.Report{
		{Category: check.CategoryHost, Name: "host-api", Outcome: check.Outcome{Level: check.OK, Text: "the API server of rivendell answers"}},
		{Category: gondor, Name: "credential", Outcome: check.Outcome{Level: check.Warning, Text: "it is not renewed", Mend: "fedhelm join gondor --refresh"}},
		{Category: gondor, Name: "reachable", Outcome: check.Outcome{Level: check.Failure, Text: "no route to host", Mend: "fedhelm join gondor --cluster-endpoint=https://HOST:PORT"}},
		{Category: gondor, Name: "ready", Outcome: check.Outcome{Level: check.Skipped, Text: "reachable comes first", Blocker: "reachable"}},
		{Category: gondor, Name: "member-context", Outcome: check.Outcome{Level: check.Skipped, Text: `the kubeconfig has no context "gondor"`}},
		{Category: gondor, Name: "zones", Outcome: check.Outcome{Level: check.Skipped, Text: "member-context comes first", Blocker: "member-context"}},
	}
	for locale, file := range map[string]string{"en_US.UTF-8": "check-utf8.txt", "C": "check-ascii.txt"} {
		var b bytes.Buffer
		printReport(&b, report, marksFor(func(name string) string { return map[string]string{"LANG": locale}[name] }))
		golden(t, file, b.String())
	}
}

func TestMarksFollowTheLocale(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string
	}{
		{name: "nothing is known", want: "ok"},
		{name: "LANG alone", env: map[string]string{"LANG": "de_DE.utf8"}, want: "√"},
		{name: "LC_ALL goes before LANG", env: map[string]string{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, want: "ok"},
		{name: "LC_CTYPE goes before LANG", env: map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, want: "√"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := marksFor(func(name string) string { return tt.env[name] })[check.OK]; got != tt.want {
				t.Errorf("the mark is %q, want %q", got, tt.want)
			}
		})
	}
}

// examined is a console whose federation can be looked at, though nothing there is well.
func examined(t *testing.T) *console {
	t.Helper()
	c := federated(t, nil, joined{})
	c.getenv = func(string) string { return "" }
	c.host.config = &rest.Config{Host: "https://192.0.2.1"}
	c.openAPI = func(context.Context, *host, federation.Ref) (check.Server, check.Clusters, error) {
		return check.Server{}, nil, errors.New("no kubeconfig was published")
	}
	c.connectMember = func(o contextOptions) (*memberCluster, error) {
		return nil, &usageError{errors.New("no context " + o.context)}
	}
	return c
}

func TestCheckFails(t *testing.T) {
	c := examined(t)
	err := c.fedhelm("check", "fellowship", "-o", "json")
	if exitCode(err) != exitFailed || !strings.Contains(err.Error(), `federation "fellowship" is not well: `) {
		t.Errorf("ends with %v (exit code %d)", err, exitCode(err))
	}
	var got struct {
		Federation, Namespace, Result string
		Checks                        []map[string]string
	}
	if err := json.Unmarshal(c.out.Bytes(), &got); err != nil {
		t.Fatalf("%v in\n%s", err, c.out.String())
	}
	if got.Federation != "fellowship" || got.Namespace != "middle-earth" || got.Result != "failure" || len(got.Checks) == 0 {
		t.Errorf("the result is %+v", got)
	}
	for _, one := range got.Checks {
		if one["category"] == "" || one["name"] == "" || one["level"] == "" || one["text"] == "" {
			t.Errorf("a check says too little: %v", one)
		}
	}
}

func TestCheckUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []string // a part of each line
		code int
	}{
		{name: "no federation", want: []string{"NAME and perhaps CLUSTER"}, code: exitUsage},
		{name: "too much", args: []string{"a", "b", "c"}, want: []string{"got 3 arguments"}, code: exitUsage},
		{name: "a way to which member", args: []string{"a", "--cluster-context=x"}, want: []string{"name it, as in fedhelm check NAME CLUSTER"}, code: exitUsage},
		{name: "everything at once", args: []string{"A", "--cluster-kubeconfig=x", "-o", "xml"}, want: []string{`"A"`, "--cluster-kubeconfig", "xml"}, code: exitUsage},
		{name: "a context that is not there", args: []string{"fellowship", "rohan", "--cluster-context=x"}, want: []string{"no context x"}, code: exitUsage},
		{name: "an unknown federation", args: []string{"nazgul"}, want: []string{"fellowship"}, code: exitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := examined(t)
			err := c.fedhelm(append([]string{"check"}, tt.args...)...)
			if exitCode(err) != tt.code {
				t.Fatalf("ends with %v (exit code %d), want exit code %d", err, exitCode(err), tt.code)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("%d lines, want %d:\n%v", len(lines), len(tt.want), err)
			}
			for i, part := range tt.want {
				if !strings.Contains(lines[i], part) {
					t.Errorf("line %d does not say %q: %s", i+1, part, lines[i])
				}
			}
			if c.out.Len() > 0 {
				t.Errorf("there is output:\n%s", c.out.String())
			}
		})
	}
}
