package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"k8s.io/klog/v2"
)

func TestLogging(t *testing.T) {
	t.Cleanup(klog.ClearLogger)
	for _, format := range []string{"json", "text"} {
		for verbosity, want := range map[int]int{0: 2, 2: 6, 8: 8} {
			var out bytes.Buffer
			log := logging{format: format, verbosity: verbosity}.install(&out)
			for level := range 4 { // of this program, and of client-go
				log.V(level).Info("Ours")
				klog.V(klog.Level(level)).InfoS("Theirs")
			}
			lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
			if len(lines) != want {
				t.Errorf("%s at %d: %d lines, want %d:\n%s", format, verbosity, len(lines), want, out.String())
			}
			if format == "json" {
				for _, l := range lines {
					if !json.Valid(l) {
						t.Errorf("not JSON: %s", l)
					}
					if bytes.Contains(l, []byte("DEBUG")) {
						t.Errorf("the level is not as Kubernetes' own programs write it: %s", l)
					}
				}
			}
		}
	}
}
