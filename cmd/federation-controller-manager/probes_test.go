package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAwaitFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "done")
	time.AfterFunc(100*time.Millisecond, func() { _ = os.WriteFile(file, nil, 0o600) })
	began := time.Now()
	if !awaitFile(t.Context(), file) || time.Since(began) < 100*time.Millisecond {
		t.Errorf("it did not wait for the file, after %s", time.Since(began))
	}
	if !awaitFile(t.Context(), file) {
		t.Error("a file that is there is waited for")
	}
	ended, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer end()
	if awaitFile(ended, filepath.Join(file, "below a file")) {
		t.Error("a file that cannot be there is there")
	}
}
