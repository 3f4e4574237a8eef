package debian

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// compile makes a statically linked program.
func compile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// withLoader copies a program so that its first program header asks for a loader, as a dynamically linked one's does.
func withLoader(t *testing.T, program string) string {
	t.Helper()
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	headers := binary.LittleEndian.Uint64(b[0x20:]) // where ELF64 says they are
	binary.LittleEndian.PutUint32(b[headers:], uint32(elf.PT_INTERP))
	path := filepath.Join(t.TempDir(), "dynamic")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStatic(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	alone := compile(t)
	tests := []struct {
		name, program string
		want          bool
	}{
		{name: "a statically linked program runs alone", program: alone, want: true},
		{name: "one that names a loader does not", program: withLoader(t, alone)},
		{name: "a script is no program", program: script},
		{name: "a missing one neither", program: filepath.Join(t.TempDir(), "missing")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := static(tt.program); got != tt.want {
				t.Errorf("static = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMissingToolsAreNamedByTheirPackages(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	seen := map[string]int{}
	for _, p := range Missing() {
		seen[p]++
	}
	for _, p := range []string{"containerd", "runc", "iptables", "nftables", "iproute2", "conntrack", "socat"} {
		if seen[p] != 1 {
			t.Errorf("with an empty PATH, package %s is named %d times", p, seen[p])
		}
	}
}
