package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	mdns "github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// asker asks CoreDNS, one question at a time.
type asker struct {
	client *mdns.Client
	conn   *mdns.Conn
}

func (z *zone) asker() (*asker, error) {
	client := &mdns.Client{Net: "udp", Timeout: 5 * time.Second, UDPSize: 4096}
	conn, err := client.Dial(z.server.DNS)
	return &asker{client, conn}, err
}

func (a *asker) close() { _ = a.conn.Close() } // it is UDP

// ask returns the addresses that a name leads to, in the order of their digits, and its first alias.
func (a *asker) ask(ctx context.Context, name string) (addresses []string, alias string, err error) {
	question := new(mdns.Msg).SetQuestion(name, mdns.TypeA).SetEdns0(4096, false)
	answer, _, err := a.client.ExchangeWithConnContext(ctx, question, a.conn)
	if err != nil {
		return nil, "", fmt.Errorf("ask CoreDNS for %s: %w", name, err)
	}
	if answer.Truncated {
		return nil, "", fmt.Errorf("CoreDNS has cut its answer for %s", name)
	}
	for _, rr := range answer.Answer {
		switch rr := rr.(type) {
		case *mdns.A:
			addresses = append(addresses, rr.A.String())
		case *mdns.CNAME:
			if alias == "" {
				alias = rr.Target
			}
		}
	}
	slices.Sort(addresses)
	return addresses, alias, nil
}

// right tells whether an answer is what is wanted of a name; of an alias, that it leads to some address.
func right(w dns.Wanted, addresses []string, alias string) bool {
	for _, set := range w.Sets {
		switch set.Type {
		case dns.A:
			return alias == "" && slices.Equal(addresses, slices.Sorted(slices.Values(set.Values)))
		case dns.CNAME:
			return len(addresses) > 0 && strings.EqualFold(alias, set.Values[0])
		default: // the benchmark has none
		}
	}
	return len(w.Sets) == 0 && len(addresses) == 0 && alias == ""
}

// answered is when names were there.
type answered struct{ written, answered time.Time }

// answers returns when CoreDNS has answered all names right. So many ask at once.
func (z *zone) answers(ctx context.Context, wanted []dns.Wanted, askers int) (answered, error) {
	all, ctx := errgroup.WithContext(ctx)
	for i := range askers {
		all.Go(func() error {
			a, err := z.asker()
			if err != nil {
				return err
			}
			defer a.close()
			for at := i; at < len(wanted); at += askers {
				if err := a.until(ctx, wanted[at]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := all.Wait()
	return answered{z.now().last, time.Now()}, err
}

// askPause is how long a name is let alone whose answer was not right.
const askPause = 2 * time.Millisecond

// until returns when the answer for a name is right.
func (a *asker) until(ctx context.Context, w dns.Wanted) error {
	for {
		addresses, alias, err := a.ask(ctx, w.Name)
		if err != nil || right(w, addresses, alias) {
			return err
		}
		if err := sleep(ctx, askPause); err != nil {
			return fmt.Errorf("CoreDNS answers %v %s for %s, want %v: %w", addresses, alias, w.Name, w.Sets, err)
		}
	}
}

// untilLeads returns when a name leads to an address, or does not any more.
func (a *asker) untilLeads(ctx context.Context, name, address string, leads bool) error {
	for {
		addresses, _, err := a.ask(ctx, name)
		if err != nil || slices.Contains(addresses, address) == leads {
			return err
		}
		if err := sleep(ctx, askPause); err != nil {
			return fmt.Errorf("CoreDNS answers %v for %s, with %s: %t wanted: %w", addresses, name, address, leads, err)
		}
	}
}
