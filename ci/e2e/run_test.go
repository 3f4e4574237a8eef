//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// result is what a program said and how it ended.
type result struct {
	command        string
	stdout, stderr string
	code           int
	took           time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("%s\nexit code %d after %s\nstdout:\n%s\nstderr:\n%s", r.command, r.code, r.took.Round(time.Second), redact(r.stdout), redact(r.stderr))
}

var secretData = regexp.MustCompile(`[A-Za-z0-9+/=]{80,}`)

// redact keeps credentials, which are all long and in base64, out of the test's log.
func redact(s string) string { return secretData.ReplaceAllString(s, "…") }

// command prepares a program with the sandbox as its whole world.
func (s *sandbox) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	s.Helper()
	cmd := exec.CommandContext(ctx, program(s, name), args...)
	cmd.Dir = s.home
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig, "HOME="+s.home, "PATH="+bed.path)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func program(s *sandbox, name string) string {
	for _, dir := range filepath.SplitList(bed.path) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
			return path
		}
	}
	s.Fatalf("no program %s in %s", name, bed.path)
	return ""
}

// try runs a program to its end, whatever that is.
func (s *sandbox) try(limit time.Duration, name string, args ...string) result {
	s.Helper()
	// Not the test's own context: cleanups run after it has ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), limit)
	defer cancel()
	cmd := s.command(ctx, name, args...)
	return s.finish(cmd)
}

func (s *sandbox) finish(cmd *exec.Cmd) result {
	s.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	r := result{
		command: strings.Join(append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:]...), " "),
		stdout:  stdout.String(), stderr: stderr.String(), took: time.Since(start),
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.code = exit.ExitCode() // -1 when it was killed
	} else if err != nil {
		s.Fatalf("%s: %v", r.command, err)
	}
	return r
}

// must runs a program that has to succeed.
func (s *sandbox) must(name string, args ...string) result {
	s.Helper()
	r := s.try(6*time.Minute, name, args...)
	if r.code != 0 {
		s.Fatal(r)
	}
	return r
}

// fedhelm runs it on the host cluster and in the sandbox's namespace. It has to succeed.
func (s *sandbox) fedhelm(args ...string) result {
	s.Helper()
	return s.must("fedhelm", s.here(args)...)
}

// refused runs fedhelm, which has to end with the code and in time, and to say all the parts.
func (s *sandbox) refused(code int, limit time.Duration, parts []string, args ...string) result {
	s.Helper()
	r := s.try(limit+time.Minute, "fedhelm", s.here(args)...)
	if r.code != code || r.took > limit {
		s.Fatalf("want exit code %d within %s\n%s", code, limit, r)
	}
	var last string // what the user reads at the end
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "error: ") {
			last += line
		}
	}
	for _, part := range parts {
		if !strings.Contains(last, part) {
			s.Fatalf("the error does not say %q\n%s", part, r)
		}
	}
	return r
}

func (s *sandbox) here(args []string) []string {
	return append(args, "--host-cluster-context="+hostContext, "--federation-system-namespace="+s.namespace)
}

// kubectl returns what kubectl printed for a context. It has to succeed.
func (s *sandbox) kubectl(kubeContext string, args ...string) string {
	s.Helper()
	return strings.TrimSpace(s.must("kubectl", append([]string{"--context=" + kubeContext, "--request-timeout=30s"}, args...)...).stdout)
}

// host runs kubectl in the sandbox's namespace of the host cluster.
func (s *sandbox) host(args ...string) string {
	s.Helper()
	return s.kubectl(hostContext, append([]string{"--namespace=" + s.namespace}, args...)...)
}

// helm runs Helm's command line on the host cluster. It has to succeed.
func (s *sandbox) helm(args ...string) result {
	s.Helper()
	return s.must("helm", append([]string{"--kube-context=" + hostContext}, args...)...)
}
