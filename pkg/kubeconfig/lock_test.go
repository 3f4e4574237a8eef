package kubeconfig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func TestLockIsKubectls(t *testing.T) {
	path := write(t, "config", foreignFile)
	unlock, err := lock(t.Context(), []string{path, path})
	if err != nil {
		t.Fatal(err)
	}
	// What kubectl does to write a file.
	access := clientcmd.NewDefaultPathOptions()
	access.LoadingRules.ExplicitPath = path
	c, err := access.GetStartingConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.CurrentContext = "other"
	if err := clientcmd.ModifyConfig(access, *c, false); err == nil {
		t.Error("kubectl could write while the lock was held")
	}
	unlock()
	if err := clientcmd.ModifyConfig(access, *c, false); err != nil {
		t.Errorf("kubectl could not write after the lock was released: %v", err)
	}
}

func TestStaleLockIsNamed(t *testing.T) {
	path := write(t, "config", foreignFile)
	if err := os.WriteFile(path+".lock", nil, 0); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
	defer cancel()
	_, err := Merge(ctx, []string{path}, New(fellowship(ca(t))), MergeOptions{})
	if err == nil || !strings.Contains(err.Error(), "rm "+path+".lock") {
		t.Errorf("Merge = %v, want the command that removes the lock", err)
	}
	if read(t, path) != foreignFile {
		t.Error("the file was changed without the lock")
	}
}

func TestLockOfAKilledProcessHoldsNobodyUp(t *testing.T) {
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		content string
		mode    os.FileMode
		age     time.Duration
		taken   bool
	}{
		{name: "of a process that is gone", content: maker(dead.Process.Pid), mode: ourMode, taken: true},
		{name: "of one that was killed before it wrote its name", mode: ourMode, age: time.Minute, taken: true},
		{name: "of one that is about to write its name", mode: ourMode},
		{name: "of one that lives", content: maker(os.Getpid()), mode: ourMode},
		{name: "of one on another machine", content: strings.Replace(maker(dead.Process.Pid), " on ", " on other-", 1), mode: ourMode},
		{name: "of kubectl", age: time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "config", foreignFile)
			made := time.Now().Add(-tt.age)
			if err := errors.Join(os.WriteFile(path+".lock", []byte(tt.content), 0o600), os.Chmod(path+".lock", tt.mode), os.Chtimes(path+".lock", made, made)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
			defer cancel()
			_, err := Merge(ctx, []string{path}, New(fellowship(ca(t))), MergeOptions{})
			if tt.taken != (err == nil) {
				t.Errorf("Merge = %v, want the lock taken over: %v", err, tt.taken)
			}
			if left, _ := filepath.Glob(path + ".lock*"); tt.taken != (len(left) == 0) {
				t.Errorf("lock files afterwards: %v", left)
			}
		})
	}
}

func TestFileThatMayNotBeWrittenNeedsNoLock(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everything")
	}
	dir := t.TempDir()
	shared := dir + "/shared"
	if err := os.WriteFile(shared, []byte(foreignFile), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	own := write(t, "own", "")
	if got := mustMerge(t, []string{own, shared}, New(fellowship(ca(t))), MergeOptions{}); got != own {
		t.Errorf("written to %s, want %s", got, own)
	}
}

func TestConcurrentMergesAllArrive(t *testing.T) {
	path := write(t, "config", "")
	bundle := ca(t)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range 8 {
		wg.Go(func() {
			e := fellowship(bundle)
			e.Name = fmt.Sprintf("fellowship-%d", i)
			if _, err := Merge(t.Context(), []string{path}, New(e), MergeOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Contexts) != 8 {
		t.Errorf("%d contexts after 8 merges in %v", len(c.Contexts), time.Since(start))
	}
}
