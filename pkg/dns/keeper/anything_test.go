package keeper_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/inmemory"
)

// Services come, change and go, others meddle, the server fails between two changes of a unit or refuses, and processes end, all at random. When
// it has become quiet, the zone has what is wanted, what is foreign, and nothing else.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.start()
			w.keeper.Known()
			c := chaos{Rand: rand.New(rand.NewPCG(seed, 7)), world: w, wanted: map[string]dns.Service{}, foreign: map[string]dns.RecordSet{}}
			for range 40 {
				c.step()
				time.Sleep(time.Duration(c.IntN(3000)) * time.Millisecond)
			}
			w.server.Fail(inmemory.Faults{})
			time.Sleep(12 * time.Minute)
			synctest.Wait()
			w.has(c.services(), c.others()...)
			for _, s := range c.services() {
				w.settled(s)
			}
			if status := w.keeper.Status(); status.Pending != 0 {
				t.Errorf("%d names are pending", status.Pending)
			}
			w.stop()
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

type chaos struct {
	*rand.Rand
	*world
	wanted  map[string]dns.Service
	foreign map[string]dns.RecordSet
}

func (c *chaos) services() []dns.Service {
	var all []dns.Service
	for _, s := range c.wanted {
		all = append(all, s)
	}
	return all
}

func (c *chaos) others() []dns.RecordSet {
	var all []dns.RecordSet
	for _, s := range c.foreign {
		all = append(all, s)
	}
	return all
}

func (c *chaos) step() {
	name := fmt.Sprintf("web-%d", c.IntN(5))
	switch c.IntN(8) {
	case 0, 1, 2:
		var members []string
		for _, m := range fleet {
			if c.IntN(2) == 0 {
				members = append(members, m.Name)
			}
		}
		s := service(name, members...)
		c.wanted[s.ID()] = s
		c.want(s)
	case 3:
		s := service(name)
		delete(c.wanted, s.ID())
		c.keeper.Want(s.ID(), nil)
	case 4:
		c.meddle(global(service(name)))
	case 5:
		foreign := dns.RecordSet{Name: fmt.Sprintf("www-%d.example.com.", c.IntN(3)), Type: dns.A, TTL: 5, Values: []string{fmt.Sprintf("203.0.113.%d", c.IntN(9))}}
		c.foreign[foreign.Name] = foreign
		c.server.Put(zone, foreign)
	case 6:
		c.spoil()
	case 7:
		c.restart(c.services()...)
	}
}

// meddle changes a name of ours, but leaves nothing that would be somebody else's for the next process: no records without a mark, and no new type,
// which no unit that removes the name knows of.
func (c *chaos) meddle(name string) {
	_, marked := c.find(dns.MarkName(name), dns.TXT)
	if _, ok := c.find(name, dns.A); !ok || !marked {
		return
	}
	switch c.IntN(3) {
	case 0:
		c.server.Remove(zone, name, dns.A)
	case 1:
		c.server.Put(zone, dns.RecordSet{Name: name, Type: dns.A, TTL: 5, Values: []string{"203.0.113.66"}})
	case 2:
		for _, t := range []dns.Type{dns.A, dns.AAAA, dns.CNAME} {
			c.server.Remove(zone, name, t)
		}
		c.server.Remove(zone, dns.MarkName(name), dns.TXT)
	}
}

// spoil has the server fail in one of its ways, or in none any more.
func (c *chaos) spoil() {
	after, seen := c.IntN(10), 0
	c.server.Fail([]inmemory.Faults{
		{},
		{Call: func(string) error { return &dns.Throttled{After: 3 * time.Second, Err: errors.New("slow down")} }},
		{Call: func(string) error { return dns.ErrDenied }},
		{Change: func(dns.Change) error {
			if seen++; seen > after {
				seen = 0
				return errors.New("connection reset")
			}
			return nil
		}},
		{Reject: func(dns.Unit) error {
			if seen++; seen%3 == 0 {
				return dns.ErrRejected
			}
			return nil
		}},
	}[c.IntN(5)])
}
