package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

func TestChosenZones(t *testing.T) {
	file := filepath.Join(t.TempDir(), "federation-dns-provider.conf")
	if err := os.WriteFile(file, []byte("[Global]\nzone-id = Z2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := chosen([]dnsconfig.Zone{
		{Provider: "aws-route53", Name: "example.com.", File: file},
		{Provider: "aws-route53", Name: "example.com.", ID: "Z1", File: file},
		{Provider: "aws-route53", Name: "example.com."},
		{Provider: "aws-route53", Name: "example.com.", File: file + "s"},
	})
	ids := make([]string, 0, len(got))
	for _, zone := range got {
		ids = append(ids, zone.ID)
	}
	if diff := cmp.Diff([]string{"Z2", "Z1", "", ""}, ids); diff != "" {
		t.Errorf("ids of zones (-want +got):\n%s", diff)
	}
}
