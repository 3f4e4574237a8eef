package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

// beProgram makes the test's binary be the program.
const beProgram = "FEDERATION_START_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(beProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// start runs the program.
func start(t *testing.T, program string, args ...string) *process.Process {
	t.Helper()
	t.Setenv(beProgram, "yes")
	return process.Start(t, program, args...)
}

// readyAfter answers 503 so many times, and then 200.
func readyAfter(t *testing.T, times int32) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= times {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestTheProgramTakesItsPlaceWhenTheTimeHasCome(t *testing.T) {
	url, asked := readyAfter(t, 2)
	p := start(t, os.Args[0], "--wait-for="+url, "--", "sh", "-c", `echo "$0 $* as $$"; exit 7`, "kube-apiserver", "--etcd-servers=a,b", "--v=1")
	if code := p.ExitCode(t, 20*time.Second); code != 7 {
		t.Errorf("exit code %d, want the program's, 7", code)
	}
	if !strings.HasPrefix(p.Output(), "kube-apiserver --etcd-servers=a,b --v=1 as ") || asked.Load() != 3 {
		t.Errorf("after %d questions the program said %q", asked.Load(), p.Output())
	}
}

func TestASignalEndsTheWait(t *testing.T) {
	url, asked := readyAfter(t, 1<<30)
	p := start(t, os.Args[0], "--wait-for="+url, "--", "sh", "-c", "echo started")
	eventually.Do(t, 20*time.Second, "the first question", func() error {
		if asked.Load() == 0 {
			return http.ErrNoLocation
		}
		return nil
	})
	p.Signal(syscall.SIGTERM)
	if code := p.ExitCode(t, 10*time.Second); code != 1 || strings.Contains(p.Output(), "started") {
		t.Errorf("exit code %d, want 1; it said %q", code, p.Output())
	}
}

func TestItsCopyDoesTheSame(t *testing.T) {
	copied := filepath.Join(t.TempDir(), "start")
	for _, again := range []string{"first", "over the first, which may be running"} {
		if code := start(t, os.Args[0], "--install="+copied).ExitCode(t, 20*time.Second); code != 0 {
			t.Fatalf("%s: exit code %d", again, code)
		}
	}
	before, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if code := start(t, os.Args[0], "--install="+copied).ExitCode(t, 20*time.Second); code != 0 {
		t.Errorf("a third time: exit code %d", code)
	}
	if after, err := os.Stat(copied); err != nil || !os.SameFile(before, after) {
		t.Errorf("a copy that is right was made anew (%v)", err)
	}
	if all, err := filepath.Glob(copied + ".*"); err != nil || len(all) > 0 {
		t.Errorf("left behind: %v, %v", all, err)
	}
	info, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o555 {
		t.Errorf("its mode is %v: others than who copied it are to run it", info.Mode())
	}
	url, _ := readyAfter(t, 0)
	if p := start(t, copied, "--wait-for="+url, "--", "echo", "started"); p.ExitCode(t, 20*time.Second) != 0 || p.Output() != "started\n" {
		t.Errorf("the copy said %q", p.Output())
	}
}

func TestExitCodes(t *testing.T) {
	url, _ := readyAfter(t, 0)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, tt := range []struct {
		name string
		args []string
		want int
		says []string
	}{
		{"without a program it waits alone", []string{"--wait-for=" + url}, 0, nil},
		{"the time is up", []string{"--wait-for=" + gone.URL, "--timeout=1s", "--", "true"}, 1, []string{"error: wait for " + gone.URL, "refused"}},
		{"a program that is not there is told of before the wait", []string{"--wait-for=" + gone.URL, "--", "no-such-program"}, 1, []string{"no-such-program", "not found"}},
		{"a program that cannot be run", []string{"--wait-for=" + url, "--", "/"}, 1, []string{"error:", "/"}},
		{"a copy that cannot be made", []string{"--install=/nowhere/start"}, 1, []string{"error:", "/nowhere"}},
		{"the version", []string{"--version"}, 0, []string{"federation-start "}},
		{"help", []string{"--help"}, 0, []string{"Usage: federation-start --wait-for=URL", "-timeout"}},
		{"nothing to wait for", []string{"--", "true"}, 2, []string{"--wait-for", "http"}},
		{"all that is wrong at once", []string{"--wait-for=etcd:2381", "--timeout=-1s"}, 2, []string{"--wait-for", "etcd:2381", "--timeout"}},
		{"a copy goes with nothing else", []string{"--install=start", "--wait-for=" + url}, 2, []string{"absolute", "no other flag"}},
		{"an unknown flag", []string{"--nonsense"}, 2, []string{"nonsense"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := run(t.Context(), tt.args, &out, &out); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			for _, s := range tt.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("it does not say %q:\n%s", s, out.String())
				}
			}
		})
	}
}
