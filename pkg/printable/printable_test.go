package printable

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"what is visible stays", `says 500; failing: "etcd" – überall √`, `says 500; failing: "etcd" – überall √`},
		{"nothing that a terminal obeys", "v1\x1b[2J\x07\r\n\tok\u009b\x7f", "v1 [2J    ok  "},
		{"nothing that turns the line around", "v1\u202e1v", "v1 1v"},
		{"nothing that is no text", "v1\xff\xfe", "v1  "},
		{"a long story has an end", strings.Repeat("a", 70), strings.Repeat("a", 61) + "…"},
		{"and is cut between letters", strings.Repeat("ü", 40), strings.Repeat("ü", 30) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Line(tt.text, 64); got != tt.want || len(got) > 64 {
				t.Errorf("Line(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	if got, want := Lines("NAME\tREADY\ngondor\tTrue\x1b]0;owned\x07\r\n"), "NAME\tREADY\ngondor\tTrue ]0;owned  \n"; got != want {
		t.Errorf("Lines = %q, want %q", got, want)
	}
}
