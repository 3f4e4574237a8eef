package dnsview

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
)

// Asked is what the member's DNS really says, beside what was computed.
type Asked struct {
	Name    string   `json:"name,omitempty"`   // that it was asked for
	Server  string   `json:"server,omitempty"` // what is asked
	Answers []Answer `json:"answers,omitempty"`
	// Agrees says that all answers are as computed. What differs may be younger than the computed answer, or older: up to as long as records are kept.
	Agrees  bool   `json:"agrees"`
	Problem string `json:"problem,omitempty"` // why it was not asked
}

// Answer is that of one pod of the member's DNS.
type Answer struct {
	Pod       string       `json:"pod"` // NAMESPACE/NAME
	Code      string       `json:"code,omitempty"`
	Names     []string     `json:"names,omitempty"` // that it leads over, without dots at their ends
	Addresses []netip.Addr `json:"addresses,omitempty"`
	TTL       uint32       `json:"ttl,omitempty"`
	Agrees    bool         `json:"agrees"`
	Error     string       `json:"error,omitempty"`
}

// ask asks the member's DNS for the name in full.
func (r *Resolution) ask(ctx context.Context, w *Way, a asker) {
	r.Asked = &Asked{Name: bare(r.full), Server: a.server()}
	ctx, cancel := context.WithTimeoutCause(ctx, memberAnswer, fmt.Errorf("it did not answer for %s", memberAnswer))
	defer cancel()
	answers, err := memberdns.Lookup(ctx, memberdns.Options{Client: w.Client, Ask: w.Ask}, a.local.server, r.full)
	if err != nil {
		r.Asked.Problem = err.Error()
		return
	}
	r.Asked.Agrees = true
	for i := range answers {
		answer := r.compare(&answers[i])
		r.Asked.Agrees = r.Asked.Agrees && answer.Agrees
		r.Asked.Answers = append(r.Asked.Answers, answer)
	}
}

// compare tells whether an answer leads to where the computed one does. Which names it leads over makes no difference.
func (r *Resolution) compare(given *memberdns.Answer) Answer {
	a := Answer{Pod: given.Pod, Code: given.Code, Addresses: given.Addresses, TTL: given.TTL}
	for _, name := range given.Names {
		a.Names = append(a.Names, bare(name))
	}
	switch {
	case given.Err != nil:
		a.Error = given.Err.Error()
	case r.Hostname != "":
		a.Agrees = len(a.Names) > 0 && slices.Contains(a.Names, bare(strings.ToLower(r.Hostname)))
	case r.Leads == LeadsNowhere:
		a.Agrees = given.Code == "NXDOMAIN" || given.Code == "NOERROR" && len(a.Addresses) == 0
	default:
		a.Agrees = given.Code == "NOERROR" && slices.Equal(a.Addresses, r.Addresses)
	}
	return a
}

// recordsText writes record sets for people.
func recordsText(sets []dns.RecordSet) string {
	parts := make([]string, len(sets))
	for i, set := range sets {
		parts[i] = string(set.Type) + " " + strings.Join(set.Values, ", ")
	}
	return strings.Join(parts, "; ")
}

func joined(addresses []netip.Addr) string {
	texts := make([]string, len(addresses))
	for i, address := range addresses {
		texts[i] = address.String()
	}
	return strings.Join(texts, ", ")
}
