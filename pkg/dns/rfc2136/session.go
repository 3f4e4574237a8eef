package rfc2136

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// fudge is how far clocks may be apart, in seconds; all servers' default.
const fudge = 300

// session is one TCP connection with one question. Unlike the library's own, it accepts no answer without a signature where it signed, and says
// why a zone transfer was refused.
type session struct {
	options   Options
	conn      *mdns.Conn
	id        uint16
	mac       string // of the last message
	continued bool   // the last message was an answer
}

// do connects to the server for f. Call names what is done for those who count.
func (p *Provider) do(ctx context.Context, call, server string, f func(*session) error) (err error) {
	defer func() { p.options.Observe(call, err) }()
	dialer := net.Dialer{Timeout: p.options.Timeout}
	conn, err := dialer.DialContext(ctx, "tcp", server)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := f(&session{options: p.options, conn: &mdns.Conn{Conn: conn}}); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("DNS server %s: %w", server, err)
	}
	return nil
}

func (s *session) send(m *mdns.Msg) error {
	s.id = m.Id
	message, err := s.pack(m)
	if err != nil {
		return fmt.Errorf("%w: it cannot be said in DNS: %w", dns.ErrRejected, err)
	}
	if err := s.conn.SetDeadline(time.Now().Add(s.options.Timeout)); err != nil {
		return err
	}
	_, err = s.conn.Write(message)
	return err
}

// pack signs the message if there is a key.
func (s *session) pack(m *mdns.Msg) (message []byte, err error) {
	if s.options.TSIGName == "" {
		return m.Pack()
	}
	m.SetTsig(s.options.TSIGName, s.options.TSIGAlgorithm, fudge, time.Now().Unix())
	message, s.mac, err = mdns.TsigGenerate(m, s.options.TSIGSecret, "", false)
	return message, err
}

// receive returns the next message of the answer. One that says anything but success is a refusal.
func (s *session) receive() (*mdns.Msg, error) {
	if err := s.conn.SetDeadline(time.Now().Add(s.options.Timeout)); err != nil {
		return nil, err
	}
	message, err := s.conn.ReadMsgHeader(nil)
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	m := new(mdns.Msg)
	if err := m.Unpack(message); err != nil {
		return nil, fmt.Errorf("the answer is not DNS: %w", err)
	}
	if m.Id != s.id || !m.Response {
		return nil, errors.New("what came is no answer to the question")
	}
	if m.Rcode != mdns.RcodeSuccess {
		return nil, refuse(m, s.options.TSIGName)
	}
	if s.options.TSIGName == "" {
		return m, nil
	}
	signature := m.IsTsig()
	if signature == nil {
		return nil, errors.New("the answer is not signed")
	}
	if err := mdns.TsigVerify(message, s.options.TSIGSecret, s.mac, s.continued); err != nil {
		return nil, fmt.Errorf("the answer is not signed with key %q: %w", s.options.TSIGName, err)
	}
	s.mac, s.continued = signature.MAC, true
	return m, nil
}

// refusedError is what a server says instead of doing what it was asked for.
type refusedError struct {
	rcode   int
	message string
	kind    error // a sentinel of package dns; nil: it may pass
}

func (r *refusedError) Error() string {
	s := fmt.Sprintf("it answers %s: %s", mdns.RcodeToString[r.rcode], r.message)
	if r.kind != nil {
		s += ": " + r.kind.Error()
	}
	return s
}

// Unwrap gives the sentinel.
func (r *refusedError) Unwrap() error { return r.kind }

func refuse(m *mdns.Msg, key string) *refusedError {
	r := &refusedError{rcode: m.Rcode, message: "it gives no reason"}
	switch m.Rcode {
	case mdns.RcodeYXDomain, mdns.RcodeYXRrset, mdns.RcodeNXRrset, mdns.RcodeNameError:
		r.message, r.kind = "something else is there", dns.ErrStale
	case mdns.RcodeRefused:
		r.message, r.kind = fmt.Sprintf("let key %q transfer and update the zone", key), dns.ErrDenied
		if key == "" {
			r.message = "it may want signed messages: set tsig-name and tsig-secret"
		}
	case mdns.RcodeNotAuth:
		r.message, r.kind = notAuth(m, key)
	case mdns.RcodeNotZone, mdns.RcodeFormatError, mdns.RcodeNotImplemented:
		r.message, r.kind = "it does not take such a message", dns.ErrRejected
	}
	return r
}

// notAuth is about signatures or about the zone.
func notAuth(m *mdns.Msg, key string) (string, error) {
	signature := m.IsTsig()
	if signature == nil || signature.Error == mdns.RcodeSuccess {
		return "it is not the zone's primary", dns.ErrNoZone
	}
	switch signature.Error {
	case mdns.RcodeBadKey:
		return fmt.Sprintf("it does not know key %q with that algorithm", key), dns.ErrDenied
	case mdns.RcodeBadTime:
		return "its clock and the clock here differ by more than 5 minutes", dns.ErrDenied
	default:
		return fmt.Sprintf("the secret of key %q is not the one that it knows", key), dns.ErrDenied
	}
}
