//go:build integration

package rfc2136

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/bind"
)

// startBIND is a server of the zone that knows both keys: the one that may do everything, and "reader.".
func startBIND(tb testing.TB) *bind.Server {
	tb.Helper()
	return bind.Start(tb, bind.Options{
		Zone:   zoneName,
		Key:    bind.Key{Name: keyName, Secret: secret},
		Reader: bind.Key{Name: "reader.", Secret: otherSecret},
	})
}
