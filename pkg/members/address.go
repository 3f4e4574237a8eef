package members

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// ServerAddress returns the URL of a member for a client at the address given: that of the entry with the longest range that contains
// it, else that of the entry without a range. The zero address is in no range.
func ServerAddress(entries []fedv1beta1.ServerAddressByClientCIDR, client netip.Addr) (string, error) {
	client = client.Unmap().WithZone("")
	best, longest := "", -1
	for _, e := range entries {
		if e.ClientCIDR == "" {
			if longest < 0 {
				best = e.ServerAddress
			}
			continue
		}
		// The API takes nothing else; should it be there, it is nobody's range.
		prefix, err := netip.ParsePrefix(e.ClientCIDR)
		if err == nil && prefix.Contains(client) && prefix.Bits() > longest {
			best, longest = e.ServerAddress, prefix.Bits()
		}
	}
	switch {
	case best != "":
		return serverURL(best)
	case client.IsValid():
		return "", fmt.Errorf("spec.serverAddressByClientCIDRs has no entry for the controller manager's address %s, and none without a clientCIDR", client)
	default:
		return "", errors.New("spec.serverAddressByClientCIDRs has no entry without a clientCIDR, and the controller manager's own address is not known (--client-address)")
	}
}

// serverURL reads host:port or a URL.
func serverURL(address string) (string, error) {
	server := strings.TrimSuffix(address, "/")
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	if u, err := url.Parse(server); err != nil || u.Hostname() == "" || u.User != nil {
		return "", fmt.Errorf("spec.serverAddressByClientCIDRs: %q is neither host:port nor an https:// URL", address)
	}
	return server, nil
}
