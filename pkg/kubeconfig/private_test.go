package kubeconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExposed(t *testing.T) {
	tests := []struct {
		name string
		mode os.FileMode
		want bool
	}{
		{name: "its owner's alone", mode: 0o600},
		{name: "the group's too", mode: 0o640, want: true},
		{name: "everybody's", mode: 0o644, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, tt.mode); err != nil {
				t.Fatal(err)
			}
			if got := Exposed(file); strings.Contains(got, "chmod 600 "+file) != tt.want || (got == "") == tt.want {
				t.Errorf("Exposed = %q, want a warning: %v", got, tt.want)
			}
		})
	}
	if got := Exposed(filepath.Join(t.TempDir(), "none")); got != "" {
		t.Errorf("of a file that is not there: %q", got)
	}
}
