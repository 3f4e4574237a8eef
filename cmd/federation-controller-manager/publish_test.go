package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The Secret with the configuration is followed as it changes, and so is the zone's id in it.
func TestZoneIDIsThatOfTheFileAsItIsNow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dns.conf")
	z := dnsZone{provider: "aws-route53", name: "example.com.", config: file}.published()
	if got := z.AskID(); got != "" {
		t.Errorf("without the file the id is %q", got)
	}
	for _, id := range []string{"Z1", "Z2"} {
		if err := os.WriteFile(file, []byte("[Global]\nzone-id = "+id+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := z.AskID(); got != id || z.ID != "" {
			t.Errorf("ids are %q and %q, want %q to be asked for alone", got, z.ID, id)
		}
	}
}
