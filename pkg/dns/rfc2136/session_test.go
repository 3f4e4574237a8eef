package rfc2136

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

const (
	keyName     = "fedhelm."
	secret      = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=" // what TSIG keys look like
	otherSecret = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItb3Ro"
)

// serve answers on loopback until the test ends, with a provider to ask it.
func serve(t *testing.T, answer mdns.HandlerFunc) *Provider {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &mdns.Server{
		Listener: listener, Handler: answer, TsigSecret: map[string]string{keyName: secret},
		MsgAcceptFunc: func(mdns.Header) mdns.MsgAcceptAction { return mdns.MsgAccept }, // updates, too
	}
	done := make(chan error, 1)
	go func() { done <- server.ActivateAndServe() }()
	t.Cleanup(func() {
		_ = server.Shutdown()
		<-done
	})
	p, err := New(Options{Server: listener.Addr().String(), TSIGName: keyName, TSIGSecret: secret, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// reply signs the answer.
func reply(w mdns.ResponseWriter, question *mdns.Msg, rcode int, answer ...string) {
	m := new(mdns.Msg).SetRcode(question, rcode)
	for _, line := range answer {
		rr, _ := mdns.NewRR(line)
		m.Answer = append(m.Answer, rr)
	}
	m.SetTsig(keyName, mdns.HmacSHA256, fudge, time.Now().Unix())
	_ = w.WriteMsg(m)
}

var zone = dns.Zone{ID: zoneName, Name: zoneName}

func unit(label string) dns.Unit {
	set := dns.RecordSet{Name: label + "." + zoneName, Type: dns.A, TTL: 60, Values: []string{"192.0.2.1"}}
	return dns.Unit{Name: set.Name, Changes: []dns.Change{{After: &set}}}
}

func TestAnswersThatAreNotBelieved(t *testing.T) {
	tests := []struct {
		name   string
		answer mdns.HandlerFunc
		want   string
	}{
		{name: "one without a signature", want: "not signed", answer: func(w mdns.ResponseWriter, m *mdns.Msg) {
			_ = w.WriteMsg(new(mdns.Msg).SetReply(m))
		}},
		{name: "one that is signed with another secret", want: "not signed with key", answer: func(w mdns.ResponseWriter, m *mdns.Msg) {
			answer := new(mdns.Msg).SetReply(m)
			answer.SetTsig(keyName, mdns.HmacSHA256, fudge, time.Now().Unix())
			message, _, _ := mdns.TsigGenerate(answer, otherSecret, m.IsTsig().MAC, false)
			_, _ = w.Write(message)
		}},
		{name: "one that answers another question", want: "no answer to the question", answer: func(w mdns.ResponseWriter, m *mdns.Msg) {
			answer := new(mdns.Msg).SetReply(m)
			answer.Id++
			_ = w.WriteMsg(answer)
		}},
		{name: "one that is no DNS", want: "not DNS", answer: func(w mdns.ResponseWriter, _ *mdns.Msg) {
			_, _ = w.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		}},
		{name: "none", want: "no answer", answer: func(w mdns.ResponseWriter, _ *mdns.Msg) { _ = w.Close() }},
		{name: "none for long", want: "i/o timeout", answer: func(mdns.ResponseWriter, *mdns.Msg) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := serve(t, tt.answer)
			err := p.Apply(t.Context(), zone, []dns.Unit{unit("web")})
			var failed *dns.UnitErrors
			if err == nil || errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("Apply = %v, want an error that says %q and not which units failed", err, tt.want)
			}
		})
	}
}

func TestTransfersThatAreNotWhole(t *testing.T) {
	const soa = "example.com. 300 SOA ns h 1 2 3 4 5"
	for name, answer := range map[string][]string{
		"one that does not begin with the SOA": {"web.example.com. 60 A 192.0.2.1", soa},
		"one that ends before the second SOA":  {soa, "web.example.com. 60 A 192.0.2.1"},
		"an empty one":                         nil,
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t, func(w mdns.ResponseWriter, m *mdns.Msg) {
				reply(w, m, mdns.RcodeSuccess, answer...)
				_ = w.Close()
			})
			if sets, err := p.Records(t.Context(), zone, zoneName); err == nil {
				t.Errorf("Records = %v, want an error", sets)
			}
		})
	}
}

func TestServerThatFails(t *testing.T) {
	tests := []struct {
		name      string
		fails     func(*mdns.Msg) bool
		units     int
		wantUnits bool // the error says which
		most      int  // messages
	}{
		{name: "for one unit: the others are made", units: 100, wantUnits: true, most: 20, fails: func(m *mdns.Msg) bool {
			for _, rr := range m.Ns {
				if rr.Header().Name == "bad.example.com." {
					return true
				}
			}
			return false
		}},
		{name: "for all: it is not asked about each", units: 100, most: 20, fails: func(*mdns.Msg) bool { return true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var messages atomic.Int64
			p := serve(t, func(w mdns.ResponseWriter, m *mdns.Msg) {
				messages.Add(1)
				if tt.fails(m) {
					reply(w, m, mdns.RcodeServerFailure)
					return
				}
				reply(w, m, mdns.RcodeSuccess)
			})
			units := []dns.Unit{unit("bad")}
			for range tt.units {
				units = append(units, unit("good"))
			}
			err := p.Apply(t.Context(), zone, units)
			var failed *dns.UnitErrors
			if errors.As(err, &failed) != tt.wantUnits || err == nil {
				t.Errorf("Apply = %v, want units: %t", err, tt.wantUnits)
			}
			if tt.wantUnits && (len(failed.Failed) != 1 || failed.Failed["bad.example.com."] == nil) {
				t.Errorf("Apply = %v, want the bad unit alone", err)
			}
			if n := messages.Load(); n > int64(tt.most) {
				t.Errorf("%d messages, want at most %d", n, tt.most)
			}
		})
	}
}

func TestEndedContextEndsTheWaiting(t *testing.T) {
	asked := make(chan struct{}, 1)
	p := serve(t, func(mdns.ResponseWriter, *mdns.Msg) { asked <- struct{}{} })
	p.options.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := p.Records(ctx, zone, zoneName); !errors.Is(err, context.Canceled) {
		t.Errorf("Records = %v, want %v", err, context.Canceled)
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	for _, o := range []Options{{}, {Server: "ns1:53", TSIGName: "k"}, {Server: "ns1:53", TSIGName: "k", TSIGSecret: "s3cret!"}} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("New(%+v) = %v, want an error without the secret", o, err)
		}
	}
}
