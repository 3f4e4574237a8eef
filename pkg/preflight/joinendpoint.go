package preflight

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Endpoint is the address at which the federation's control plane is to reach the member.
type Endpoint struct {
	URL     string
	Context string // of the kubeconfig that it comes from; "": the user gave it, or gave it earlier
	Proxied bool   // the kubeconfig goes there through a proxy
}

// NormalEndpoint gives the URL that an address stands for: https unless it says otherwise. What it is good for is another question.
func NormalEndpoint(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || strings.ContainsAny(address, " \t\r\n"):
		return "", fmt.Errorf("%q is not the address of an API server, such as https://10.0.0.10:6443", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("%q has more in it than the address of an API server, such as https://10.0.0.10:6443", u.Redacted())
	}
	return strings.TrimSuffix(address, "/"), nil
}

// ValidateEndpoint says why no federation can reach a member at the URL, as far as the URL itself tells.
func ValidateEndpoint(url string) error { return Endpoint{URL: url}.address() }

const giveEndpoint = "give the one at which pods of the host cluster reach the member with --cluster-endpoint=https://HOST:PORT"

// address finds what cannot be right, or may not be, without asking anybody.
func (e Endpoint) address() error {
	from := ""
	if e.Context != "" {
		from = fmt.Sprintf(" of context %q", e.Context)
	}
	u, err := url.Parse(e.URL)
	if err != nil {
		return &Problem{Reason: fmt.Sprintf("the server%s is not a URL", from), WayOut: giveEndpoint}
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	ip, _ := netip.ParseAddr(host)
	switch ip = ip.Unmap(); {
	case u.Scheme != "https":
		return &Problem{Reason: fmt.Sprintf("the server %s%s is not reached by https, and no credential may be sent there", e.URL, from), WayOut: giveEndpoint}
	case ip.IsLoopback(), host == "localhost", strings.HasSuffix(host, ".localhost"):
		return &Problem{Reason: fmt.Sprintf("the server %s%s leads every pod to itself, and not to the member", e.URL, from), WayOut: giveEndpoint}
	case ip.IsValid() && ip.IsUnspecified():
		return &Problem{Reason: fmt.Sprintf("the server %s%s is no address that leads anywhere", e.URL, from), WayOut: giveEndpoint}
	case e.Proxied:
		return &Problem{
			Reason:  fmt.Sprintf("context %q reaches %s through a proxy, which the federation does not use", e.Context, e.URL),
			WayOut:  "if the host cluster cannot reach it, " + giveEndpoint,
			Warning: true,
		}
	}
	return nil
}
