package manager

import (
	"os"
	"testing"
	"testing/fstest"
	"time"
)

func TestUsage(t *testing.T) {
	proc := fstest.MapFS{
		"7/stat":   {Data: []byte("7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0 1 2 3")},
		"7/status": {Data: []byte("Name:\ta) b\nVmHWM:\t  2048 kB\nVmRSS:\t 1024 kB\nThreads:\t9\n")},
		"8/stat":   {Data: []byte("8 (gone)")},
	}
	got, err := usage(proc, 7)
	if want := (Usage{CPU: 2 * time.Second, Now: 1 << 20, Peak: 2 << 20}); err != nil || got != want {
		t.Errorf("usage is %+v, %v, want %+v", got, err, want)
	}
	for _, pid := range []int{8, 9} {
		if _, err := usage(proc, pid); err == nil {
			t.Errorf("process %d has a usage", pid)
		}
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("there is no /proc")
	}
	u, err := usage(os.DirFS("/proc"), os.Getpid())
	if err != nil || u.Peak < u.Now || u.Now < 1<<20 {
		t.Errorf("usage is %+v, %v", u, err)
	}
}
