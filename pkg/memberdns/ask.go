package memberdns

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
	"k8s.io/apimachinery/pkg/types"
)

// Ask sends queries to a DNS server in a pod, one after the other, and returns its answers in their order.
type Ask func(ctx context.Context, pod types.NamespacedName, port int, queries ...*dns.Msg) ([]*dns.Msg, error)

func query(name string, kind uint16) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(name), kind)
	return m
}

// probe is a name that only the federation's own resolver knows, and says whose names it answers.
func (f Federation) probe(domain string) *dns.Msg {
	return query("_fedhelm."+f.owner().Domain(domain), dns.TypeTXT)
}

// proves returns an error unless the answer to probe is that of this federation's resolver.
func (f Federation) proves(answer *dns.Msg) error {
	name := strings.TrimSuffix(answer.Question[0].Name, ".")
	if answer.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("the answer for %s is %s", name, dns.RcodeToString[answer.Rcode])
	}
	var texts []string
	for _, rr := range answer.Answer {
		txt, ok := rr.(*dns.TXT)
		if !ok {
			continue
		}
		if slices.Contains(txt.Txt, "federation="+f.Name) && slices.Contains(txt.Txt, "uid="+string(f.UID)) {
			return nil
		}
		texts = append(texts, strings.Join(txt.Txt, " "))
	}
	if len(texts) > 0 {
		return fmt.Errorf("the answer for %s is that of another federation: %q, not uid=%s", name, texts, f.UID)
	}
	return fmt.Errorf("the answer for %s is without a text", name)
}

// ordinary is a name that every cluster's DNS knows.
func ordinary(domain string) *dns.Msg { return query("kubernetes.default.svc."+domain, dns.TypeA) }

// answered returns an error unless the answer to ordinary has what was asked for. A cluster of IPv6 alone has no
// address of that kind, and says so without an error.
func answered(answer *dns.Msg) error {
	if answer.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("the answer for %s is %s", strings.TrimSuffix(answer.Question[0].Name, "."), dns.RcodeToString[answer.Rcode])
	}
	return nil
}
