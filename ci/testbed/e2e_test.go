//go:build e2e

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// These tests bring real clusters up and down, beside a test bed that may be up: names and addresses of their own.
// They need root, and the programs built (testbed build) so that times mean something.
const (
	testPrefix  = "fhtest"
	testNetwork = "172.28.0.0/16"
)

// bench is one test's bed: program, state directory.
type bench struct {
	t       *testing.T
	program string
	state   string
}

func newBench(t *testing.T) bench {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("clusters need root")
	}
	dir, err := os.MkdirTemp("", "fh") // not TempDir: its path is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := bench{t: t, program: filepath.Join(dir, "testbed"), state: filepath.Join(dir, "state")}
	if out, err := exec.Command("go", "build", "-o", b.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if out, err := exec.Command(b.program, "build").CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if err := b.command("down", "--name-prefix", testPrefix).Run(); err != nil {
			t.Errorf("down: %v", err)
		}
	})
	return b
}

func (b bench) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.program, append([]string{name, "--state", b.state}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd
}

func (b bench) up(members int) *exec.Cmd {
	return b.command("up", "--name-prefix", testPrefix, "--network", testNetwork, "--members", fmt.Sprint(members), "--no-load")
}

func (b bench) mustRun(cmd *exec.Cmd) string {
	b.t.Helper()
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
	return string(out)
}

func (b bench) down() {
	b.t.Helper()
	b.mustRun(b.command("down", "--name-prefix", testPrefix))
}

// kubectl asks one of the clusters.
func (b bench) kubectl(context string, args ...string) (string, error) {
	dir, err := exec.Command(b.program, "build", "--print-dir", "--only", "kubectl").Output()
	if err != nil {
		b.t.Fatalf("find kubectl: %v", err)
	}
	args = append([]string{"--kubeconfig", filepath.Join(b.state, "kubeconfig"), "--context", context}, args...)
	out, err := exec.Command(filepath.Join(strings.TrimSpace(string(dir)), "kubectl"), args...).CombinedOutput()
	return string(out), err
}

// machine lists everything that a test bed could leave behind, its own state directory too.
func (b bench) machine() []string {
	b.t.Helper()
	var all []string
	add := func(kind string, lines []string) {
		for _, l := range lines {
			if l = strings.TrimSpace(l); l != "" {
				all = append(all, kind+": "+l)
			}
		}
	}
	run := func(name string, args ...string) []string {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			b.t.Fatalf("%s: %v", name, err)
		}
		return strings.Split(string(out), "\n")
	}
	add("interface", run("ip", "-o", "-brief", "link"))
	add("route", run("ip", "route"))
	add("limit", run("sysctl", "fs.inotify.max_user_instances"))
	add("rule", run("iptables-save"))
	add("rule", run("nft", "list", "ruleset"))
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		b.t.Fatal(err)
	}
	add("mount", strings.Split(string(mounts), "\n"))
	for _, glob := range []string{
		b.state, "/run/netns", "/run/netns/*", "/run/containerd/*", "/var/lib/cni", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers",
		"/sys/fs/cgroup/" + testPrefix + "*", "/sys/fs/cgroup/*/" + testPrefix + "*", "/etc/cni/net.d/*",
	} {
		files, err := filepath.Glob(glob)
		if err != nil {
			b.t.Fatal(err)
		}
		add("file", files)
	}
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, e := range environs {
		if env, err := os.ReadFile(e); err == nil && bytes.Contains(env, []byte(b.state)) {
			add("process", []string{e})
		}
	}
	slices.Sort(all)
	return all
}

// counters drops the packet counts that iptables-save prints, and comments with the time.
func counters(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "rule: #") || strings.HasPrefix(l, "rule: :") })
}

func (b bench) mustLeaveNothing(before []string, what string) {
	b.t.Helper()
	if diff := cmp.Diff(counters(before), counters(b.machine())); diff != "" {
		b.t.Errorf("%s leaves something (-before +after):\n%s", what, diff)
	}
}

func TestDownLeavesNothing(t *testing.T) {
	b := newBench(t)
	before := b.machine()
	b.mustRun(b.up(1))
	for _, cluster := range []string{"rivendell", "gondor"} {
		if out, err := b.kubectl(cluster, "get", "--raw", "/readyz"); err != nil || out != "ok" {
			t.Errorf("cluster %s: %v: %s", cluster, err, out)
		}
	}
	b.down()
	b.mustLeaveNothing(before, "up and down")
	b.down() // nothing to do, and no error
}

func TestUpTwiceChangesNothing(t *testing.T) {
	b := newBench(t)
	b.mustRun(b.up(0))
	first := b.mustRun(b.command("status"))
	begin := time.Now()
	b.mustRun(b.up(0))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the second up took %v", took)
	}
	if diff := cmp.Diff(pids(first), pids(b.mustRun(b.command("status")))); diff != "" {
		t.Errorf("the second up started something anew:\n%s", diff)
	}
}

// pids cuts the memory, which changes, off the output of status.
func pids(status string) []string {
	var lines []string
	for _, l := range strings.Split(status, "\n") {
		if f := strings.Fields(l); len(f) > 3 {
			lines = append(lines, strings.Join(f[:3], " "))
		}
	}
	return lines
}

func TestKilledUpIsUndoneByDown(t *testing.T) {
	b := newBench(t)
	before := b.machine()
	for _, after := range []int{100, 300, 600, 1200, 2500, 5000, 8000} {
		b.killedUp(time.Duration(after) * time.Millisecond)
		b.down()
		b.mustLeaveNothing(before, fmt.Sprintf("up, killed after %d ms, and down", after))
	}
}

func TestKilledUpIsCompletedByUp(t *testing.T) {
	b := newBench(t)
	for _, after := range []int{200, 800, 2000, 4000} {
		b.killedUp(time.Duration(after) * time.Millisecond)
		b.mustRun(b.up(1))
		if out, err := b.kubectl("gondor", "get", "nodes"); err != nil || !strings.Contains(out, " Ready ") {
			t.Errorf("up, killed after %d ms, and up: %v: %s", after, err, out)
		}
		b.down()
	}
}

func (b bench) killedUp(after time.Duration) {
	b.t.Helper()
	cmd := b.up(1)
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		b.t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
}

func TestDownWithoutStateDirectoryGoesByTheNamePrefix(t *testing.T) {
	b := newBench(t)
	before := b.machine()
	b.mustRun(b.up(0))
	if err := os.RemoveAll(filepath.Join(b.state, "bed.json")); err != nil {
		t.Fatal(err)
	}
	b.down()
	b.mustLeaveNothing(before, "down without bed.json")

	b.mustRun(b.up(0))
	if err := os.RemoveAll(b.state); err != nil {
		t.Logf("remove the state directory while in use: %v", err)
	}
	b.down()
	b.mustLeaveNothing(before, "down without the state directory")
}

func TestUpMendsWhatIsDead(t *testing.T) {
	b := newBench(t)
	b.mustRun(b.up(0))
	for _, component := range []string{"etcd", "kube-apiserver", "kubelet", "containerd", "mounts", "addons", "kube-proxy"} {
		cmd := exec.Command(b.program, "proc", "stop", "--state", b.state, "rivendell", component)
		b.mustRun(cmd)
		if s := b.mustRun(b.command("status")); !strings.Contains(s, "not running") {
			t.Errorf("%s still runs:\n%s", component, s)
		}
		b.mustRun(b.up(0))
		if s := b.mustRun(b.command("status")); strings.Contains(s, "not running") {
			t.Errorf("up did not mend %s:\n%s", component, s)
		}
		b.mustLookUpAName("after-"+component, "after "+component+" was mended")
	}
}

func TestProcStartsWhatItStopped(t *testing.T) {
	b := newBench(t)
	b.mustRun(b.up(1))
	for _, c := range []struct{ cluster, component string }{{"rivendell", "kubelet"}, {"rivendell", "mounts"}, {"gondor", "kube-apiserver"}} {
		for _, action := range []string{"stop", "start", "start"} {
			b.mustRun(exec.Command(b.program, "proc", action, "--state", b.state, c.cluster, c.component))
		}
		if s := b.mustRun(b.command("status")); strings.Contains(s, "not running") {
			t.Errorf("%s of %s:\n%s", c.component, c.cluster, s)
		}
	}
	b.mustRun(b.up(1))
	b.mustLookUpAName("probe", "after up")
}

// mustLookUpAName runs a pod, which takes all of a node's components, that asks the cluster's DNS.
func (b bench) mustLookUpAName(pod, when string) {
	b.t.Helper()
	for _, args := range [][]string{
		{"run", pod, "--image=busybox:stable", "--restart=Never", "--command", "--", "nslookup", "kubernetes.default.svc.cluster.local"},
		{"wait", "pod/" + pod, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"},
	} {
		if out, err := b.kubectl("rivendell", args...); err != nil {
			logs, _ := b.kubectl("rivendell", "logs", pod)
			b.t.Errorf("%s, a pod cannot look up a name: kubectl %s: %v: %s%s", when, args[0], err, out, logs)
			return
		}
	}
}
