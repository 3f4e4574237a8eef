package proc

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func sleeper(name string) Spec { return Spec{Name: name, Path: "sleep", Args: []string{"60"}} }

func newGroup(t *testing.T) Group {
	t.Helper()
	g := Group{Dir: t.TempDir()}
	t.Cleanup(func() {
		for _, id := range Marked(g.Dir) {
			if err := Kill(id, time.Second); err != nil {
				t.Error(err)
			}
		}
	})
	return g
}

func mustStart(t *testing.T, g Group, s Spec) *Process {
	t.Helper()
	p, err := g.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAProcessRunsUntilItIsStopped(t *testing.T) {
	g := newGroup(t)
	p := mustStart(t, g, sleeper("a"))
	if !g.Running(sleeper("a")) || g.Pid("a") != p.Pid {
		t.Errorf("Running %v, Pid %d, want %d", g.Running(sleeper("a")), g.Pid("a"), p.Pid)
	}
	if err := g.Stop("a"); err != nil {
		t.Fatal(err)
	}
	if g.Running(sleeper("a")) || g.Pid("a") != 0 || len(Marked(g.Dir)) > 0 {
		t.Errorf("after Stop: Pid %d, marked %v", g.Pid("a"), Marked(g.Dir))
	}
	if err := g.Stop("a"); err != nil {
		t.Errorf("stop again: %v", err)
	}
}

func TestAnotherSpecIsNotRunning(t *testing.T) {
	g := newGroup(t)
	mustStart(t, g, sleeper("a"))
	for name, change := range map[string]func(*Spec){
		"arguments": func(s *Spec) { s.Args = []string{"61"} },
		"namespace": func(s *Spec) { s.Netns = "/run/netns/x" },
		"version":   func(s *Spec) { s.Version = "2" },
	} {
		s := sleeper("a")
		change(&s)
		if g.Running(s) {
			t.Errorf("a process with other %s counts as running", name)
		}
	}
}

func TestStartEndsWhatRunsUnderTheName(t *testing.T) {
	g := newGroup(t)
	first := mustStart(t, g, sleeper("a"))
	mustStart(t, g, sleeper("a"))
	if ids := Marked(g.Dir); len(ids) != 1 || ids[0].Pid == first.Pid {
		t.Errorf("processes %v, the first was %d", ids, first.Pid)
	}
}

func TestAProcessWithoutRecordIsFoundByItsMark(t *testing.T) {
	g := newGroup(t)
	p := mustStart(t, g, sleeper("a"))
	if err := os.Remove(g.recordPath("a")); err != nil { // as when the starter was killed before it wrote the record
		t.Fatal(err)
	}
	if ids := g.Find("a"); len(ids) != 1 || ids[0].Pid != p.Pid {
		t.Errorf("Find: %v, want %d", ids, p.Pid)
	}
	if err := g.Stop("a"); err != nil || len(Marked(g.Dir)) > 0 {
		t.Errorf("Stop: %v, left %v", err, Marked(g.Dir))
	}
}

func TestChildrenCarryTheMarkButAreNotTheProcess(t *testing.T) {
	g := newGroup(t)
	p := mustStart(t, g, Spec{Name: "a", Path: "sh", Args: []string{"-c", "sleep 60 & wait"}})
	var marked []ID
	for range 100 {
		if marked = Marked(g.Dir); len(marked) == 2 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if len(marked) != 2 {
		t.Fatalf("marked: %v, want the shell and its child", marked)
	}
	if ids := g.Find("a"); len(ids) != 1 || ids[0].Pid != p.Pid {
		t.Errorf("Find: %v, want %d alone", ids, p.Pid)
	}
}

func TestNamesArePrefixesOfNoOthers(t *testing.T) {
	g := newGroup(t)
	mustStart(t, g, sleeper("kube"))
	mustStart(t, g, sleeper("kube-proxy"))
	if err := g.Stop("kube"); err != nil {
		t.Fatal(err)
	}
	if names := g.Names(); !slices.Equal(names, []string{"kube-proxy"}) {
		t.Errorf("running: %v", names)
	}
}

func TestAPidThatWasUsedAgainIsLeftAlone(t *testing.T) {
	g := newGroup(t)
	p := mustStart(t, g, sleeper("a"))
	id, err := Identify(p.Pid)
	if err != nil {
		t.Fatal(err)
	}
	stale := ID{Pid: id.Pid, Start: id.Start - 1} // an earlier process that had the pid
	if Alive(stale) {
		t.Error("the earlier process counts as alive")
	}
	if err := Kill(stale, time.Second); err != nil {
		t.Error(err)
	}
	if !Alive(id) {
		t.Error("Kill ended the process that has the pid now")
	}
}

func TestAProcessThatEndsSaysWhy(t *testing.T) {
	g := newGroup(t)
	p := mustStart(t, g, Spec{Name: "a", Path: "sh", Args: []string{"-c", "echo no such luck; exit 3"}})
	<-p.Exited
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "no such luck") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Err: %v", err)
	}
	if g.Running(Spec{Name: "a", Path: "sh"}) {
		t.Error("it counts as running")
	}
}

func TestParseStat(t *testing.T) {
	after := " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"
	tests := []struct {
		name, stat, state string
		start             uint64
		fails             bool
	}{
		{name: "an ordinary name", stat: "12 (sleep) S" + after, state: "S", start: 4711},
		{name: "a name with spaces and parentheses", stat: "12 (a) R (b)) Z" + after, state: "Z", start: 4711},
		{name: "a line cut off", stat: "12 (sleep) S 1 2", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state, start, err := parseStat(tt.stat)
			if (err != nil) != tt.fails || !tt.fails && (state != tt.state || start != tt.start) {
				t.Errorf("parseStat = %q, %d, %v", state, start, err)
			}
		})
	}
}
