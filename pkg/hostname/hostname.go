// Package hostname finds out what addresses a hostname has, and for how long that holds, which Go's own resolver does not say.
package hostname

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// ErrNone says for certain that the hostname has no address.
var ErrNone = errors.New("it has no address")

// IsNone tells whether an error is ErrNone.
func IsNone(err error) bool { return errors.Is(err, ErrNone) }

// timeout is how long one server may take for one answer.
const timeout = 3 * time.Second

// Resolver asks DNS servers, one after the other until one answers.
type Resolver struct {
	servers func() ([]string, error)
}

// NewResolver asks these servers (host:port).
func NewResolver(servers ...string) *Resolver {
	return &Resolver{servers: func() ([]string, error) { return servers, nil }}
}

// FromFile asks the servers that a file like /etc/resolv.conf names, which is read each time. What else it says is not heeded: hostnames of load
// balancers are full names.
func FromFile(file string) *Resolver {
	return &Resolver{servers: func() ([]string, error) {
		config, err := dns.ClientConfigFromFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the addresses of DNS servers: %w", err)
		}
		servers := make([]string, 0, len(config.Servers))
		for _, server := range config.Servers {
			servers = append(servers, net.JoinHostPort(server, config.Port))
		}
		return servers, nil
	}}
}

// Resolve asks for the addresses of both families. The TTL is the shortest of all records that led there.
func (r *Resolver) Resolve(ctx context.Context, hostname string) (addresses []netip.Addr, ttl time.Duration, err error) {
	servers, err := r.servers()
	if err != nil {
		return nil, 0, err
	}
	ttl = -1
	for _, family := range []uint16{dns.TypeA, dns.TypeAAAA} {
		reply, err := ask(ctx, servers, hostname, family)
		if err != nil {
			return nil, 0, fmt.Errorf("resolve %q: %w", hostname, err)
		}
		for _, record := range reply.Answer {
			if age := time.Duration(record.Header().Ttl) * time.Second; ttl < 0 || age < ttl {
				ttl = age
			}
			var raw net.IP
			switch record := record.(type) {
			case *dns.A:
				raw = record.A
			case *dns.AAAA:
				raw = record.AAAA
			}
			if a, ok := netip.AddrFromSlice(raw); ok {
				addresses = append(addresses, a.Unmap())
			}
		}
	}
	if len(addresses) == 0 {
		return nil, 0, fmt.Errorf("resolve %q: %w", hostname, ErrNone)
	}
	return addresses, ttl, nil
}

// ask returns the first reply that says what there is, or that there is nothing.
func ask(ctx context.Context, servers []string, hostname string, family uint16) (*dns.Msg, error) {
	query := new(dns.Msg).SetQuestion(dns.Fqdn(hostname), family)
	query.SetEdns0(1232, false)
	err := errors.New("no DNS server is configured")
	for _, server := range servers {
		var reply *dns.Msg
		if reply, err = exchange(ctx, server, query); err != nil {
			continue
		}
		if reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError {
			return reply, nil
		}
		err = fmt.Errorf("%s answers %s", server, dns.RcodeToString[reply.Rcode])
	}
	return nil, err
}

func exchange(ctx context.Context, server string, query *dns.Msg) (*dns.Msg, error) {
	reply, _, err := (&dns.Client{Timeout: timeout}).ExchangeContext(ctx, query, server)
	if err == nil && reply.Truncated {
		reply, _, err = (&dns.Client{Net: "tcp", Timeout: timeout}).ExchangeContext(ctx, query, server)
	}
	return reply, err
}
