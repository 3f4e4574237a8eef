package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

// printResolution writes it for a reader: step by step, where it ends, and what the member's DNS says.
func printResolution(w io.Writer, r *dnsview.Resolution) {
	asker := "from outside of the clusters"
	if r.From != "" {
		asker = "from a pod in " + r.From
	}
	fmt.Fprintf(w, "%s, %s: Service %s\n\n", r.Name, asker, r.Service)
	for i := range r.Steps {
		step := &r.Steps[i]
		fmt.Fprintf(w, "%d. %s\n   %s: %s\n", i+1, cell(step.Name), cell(step.Who), cell(step.Answer))
		for j := range step.Members {
			m := &step.Members[j]
			if m.Backs {
				fmt.Fprintf(w, "     %s: in, %s\n", m.Name, cell(where(m)))
			} else {
				fmt.Fprintf(w, "     %s: out, %s\n", m.Name, cell(because(m.Reason, m.Message)))
			}
		}
	}
	fmt.Fprintf(w, "\nLeads to: %s\n", cell(leadsTo(r)))
	for _, remark := range r.Remarks {
		fmt.Fprintf(w, "Note: %s\n", cell(remark))
	}
	printAsked(w, r)
}

func where(m *dnsview.Member) string {
	texts := make([]string, 0, len(m.Addresses)+1)
	for _, address := range m.Addresses {
		texts = append(texts, address.String())
	}
	if m.Hostname != "" {
		texts = append(texts, strings.TrimSuffix(m.Hostname, "."))
	}
	return strings.Join(texts, ", ")
}

func leadsTo(r *dnsview.Resolution) string {
	to := where(&dnsview.Member{Addresses: r.Addresses, Hostname: r.Hostname})
	switch r.Leads {
	case dnsview.LeadsLocally:
		return strings.TrimSuffix("the Service of "+r.From+" itself: "+to, ": ")
	case dnsview.LeadsNowhere:
		return "nothing: there is no such name"
	case dnsview.LeadsUnknown:
		return "the Service of " + r.From + " itself, or else " + cmp.Or(to, "nothing")
	default:
		return fmt.Sprintf("%s (may be kept for %s)", to, ttl(r.TTL))
	}
}

// printAsked writes what the member's DNS says, and whether that is as computed.
func printAsked(w io.Writer, r *dnsview.Resolution) {
	if r.Asked == nil {
		return
	}
	if r.Asked.Problem != "" {
		fmt.Fprintf(w, "\nThe DNS of %s was not asked: %s\n", r.From, cell(r.Asked.Problem))
		return
	}
	fmt.Fprintf(w, "\nAsked %s for %s:\n", r.Asked.Server, r.Asked.Name)
	for i := range r.Asked.Answers {
		a := &r.Asked.Answers[i]
		verdict := "as computed"
		if !a.Agrees {
			verdict = "NOT as computed"
		}
		fmt.Fprintf(w, "  %s: %s: %s\n", a.Pod, verdict, cell(said(a)))
	}
	if !r.Asked.Agrees {
		fmt.Fprintf(w, "Answers are kept for a while: if this lasts longer than %s, see fedhelm check, and docs/dns.md under Troubleshooting.\n", ttl(max(r.TTL, 60)))
	}
}

func said(a *dnsview.Answer) string {
	if a.Error != "" {
		return a.Error
	}
	text := cmp.Or(where(&dnsview.Member{Addresses: a.Addresses}), "no address")
	if a.Code != "NOERROR" {
		text = a.Code
	}
	if len(a.Names) > 0 {
		text += " by way of " + strings.Join(a.Names, ", ")
	}
	if len(a.Names)+len(a.Addresses) > 0 {
		text += ", for " + ttl(a.TTL)
	}
	return text
}
