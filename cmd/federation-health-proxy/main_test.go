package main

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestRunExitCodes(t *testing.T) {
	dir := t.TempDir()
	ca := certs.CA(t, "ca")
	ca.Write(t, dir, "ca")
	ca.Client(t, "health").Write(t, dir, "client")
	files := []string{
		"--ca-file=" + filepath.Join(dir, "ca.crt"),
		"--cert-file=" + filepath.Join(dir, "client.crt"),
		"--key-file=" + filepath.Join(dir, "client.key"),
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()

	tests := []struct {
		name string
		args []string
		want int
		says []string
	}{
		{name: "a signal ends it in order", args: append(files, "--listen=127.0.0.1:0", "--log-format=json"), want: 0, says: []string{`"msg":"Serving"`}},
		{name: "the version is printed", args: []string{"--version"}, want: 0, says: []string{"federation-health-proxy dev"}},
		{name: "help is no failure", args: []string{"--help"}, want: 0, says: []string{"-target URL"}},
		{name: "an unknown flag", args: []string{"--nonsense"}, want: 2, says: []string{"nonsense"}},
		{
			name: "bad values are reported together",
			args: []string{"--listen=nowhere", "--target=http://x", "--ca-file=", "--log-format=xml", "surplus"},
			want: 2, says: []string{"--listen", "target", "CA file", "--log-format", "surplus"},
		},
		{name: "a file that is missing", args: []string{"--listen=127.0.0.1:0", "--ca-file=" + filepath.Join(dir, "none")}, want: 1, says: []string{"none"}},
		{name: "a port that is taken", args: append(files, "--listen="+taken.Addr().String()), want: 1, says: []string{"in use"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			var out bytes.Buffer
			if got := new(options).sidecar().Run(ended, tt.args, &out, &out); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			for _, s := range tt.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("output does not say %q:\n%s", s, out.String())
				}
			}
		})
	}
}
