package members

import (
	"net/netip"
	"strings"
	"testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

func TestServerAddress(t *testing.T) {
	entry := func(cidr, server string) fedv1beta1.ServerAddressByClientCIDR {
		return fedv1beta1.ServerAddressByClientCIDR{ClientCIDR: cidr, ServerAddress: server}
	}
	tests := []struct {
		name    string
		entries []fedv1beta1.ServerAddressByClientCIDR
		client  string
		want    string
		wantErr string
	}{
		{name: "the only one, without a range", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "https://a:6443")}, client: "10.0.0.1", want: "https://a:6443"},
		{name: "host and port become a URL", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "a:6443")}, want: "https://a:6443"},
		{name: "an IPv6 host and port too", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "[fd00::1]:6443")}, want: "https://[fd00::1]:6443"},
		{name: "a path is kept", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "https://rancher/k8s/clusters/c-1/")}, want: "https://rancher/k8s/clusters/c-1"},
		{
			name:    "the longest range, wherever it stands",
			entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "all"), entry("10.0.0.0/8", "wide"), entry("10.1.0.0/16", "narrow"), entry("10.0.0.0/9", "wider")},
			client:  "10.1.2.3", want: "https://narrow",
		},
		{
			name:    "that without a range if no other contains the address",
			entries: []fedv1beta1.ServerAddressByClientCIDR{entry("10.0.0.0/8", "wide"), entry("", "all")}, client: "192.0.2.1", want: "https://all",
		},
		{
			name:    "a range of everything is better than none",
			entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "all"), entry("0.0.0.0/0", "v4")}, client: "192.0.2.1", want: "https://v4",
		},
		{
			name:    "IPv6 ranges are for IPv6 addresses",
			entries: []fedv1beta1.ServerAddressByClientCIDR{entry("::/0", "v6"), entry("10.0.0.0/8", "v4")}, client: "fd00::5", want: "https://v6",
		},
		{
			name:    "an IPv4 address in IPv6 clothes is one of IPv4",
			entries: []fedv1beta1.ServerAddressByClientCIDR{entry("::/0", "v6"), entry("10.0.0.0/8", "v4")}, client: "::ffff:10.0.0.1", want: "https://v4",
		},
		{name: "a URL without a host", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "https://:6443")}, wantErr: "host:port"},
		{name: "a port that is none", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "gondor:https")}, wantErr: "host:port"},
		{name: "a URL with a password in it", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("", "https://a:b@gondor")}, wantErr: "host:port"},
		{name: "no entry for the address", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("10.0.0.0/8", "wide")}, client: "192.0.2.1", wantErr: "192.0.2.1"},
		{name: "ranges, and an address that is not known", entries: []fedv1beta1.ServerAddressByClientCIDR{entry("10.0.0.0/8", "wide")}, wantErr: "--client-address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var client netip.Addr
			if tt.client != "" {
				client = netip.MustParseAddr(tt.client)
			}
			got, err := ServerAddress(tt.entries, client)
			if got != tt.want || (err == nil) != (tt.wantErr == "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("ServerAddress = %q, %v, want %q, %q", got, err, tt.want, tt.wantErr)
			}
		})
	}
}
