package bind

import (
	"slices"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
)

const (
	fudge   = 300 // seconds that clocks may be apart
	timeout = 10 * time.Second
)

// Update makes the change that is written into the message, with the key.
func (b *Server) Update(tb testing.TB, change func(*mdns.Msg)) {
	tb.Helper()
	m := new(mdns.Msg).SetUpdate(b.options.Zone)
	change(m)
	client := &mdns.Client{Net: "tcp", Timeout: timeout, TsigSecret: b.sign(m)}
	answer, _, err := client.Exchange(m, b.Address)
	if err != nil {
		tb.Fatalf("update %s: %v", b.options.Zone, err)
	}
	if answer.Rcode != mdns.RcodeSuccess {
		tb.Fatalf("update %s: %s", b.options.Zone, mdns.RcodeToString[answer.Rcode])
	}
}

// Transfer is all that is in the zone but its SOA, which every change changes: a line for each record as in a zone file, with one space
// between fields, sorted.
func (b *Server) Transfer(tb testing.TB) []string {
	tb.Helper()
	m := new(mdns.Msg).SetAxfr(b.options.Zone)
	transfer := &mdns.Transfer{DialTimeout: timeout, ReadTimeout: timeout, TsigSecret: b.sign(m)}
	parts, err := transfer.In(m, b.Address)
	if err != nil {
		tb.Fatalf("transfer %s: %v", b.options.Zone, err)
	}
	var lines []string
	for part := range parts {
		if part.Error != nil {
			tb.Fatalf("transfer %s: %v", b.options.Zone, part.Error)
		}
		for _, rr := range part.RR {
			if rr.Header().Rrtype != mdns.TypeSOA {
				lines = append(lines, strings.Join(strings.Fields(rr.String()), " "))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// sign has the message signed with the key when it is sent with the secrets.
func (b *Server) sign(m *mdns.Msg) (secrets map[string]string) {
	key := b.options.Key
	m.SetTsig(key.Name, mdns.HmacSHA256, fudge, time.Now().Unix())
	return map[string]string{key.Name: key.Secret}
}
