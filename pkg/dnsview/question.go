package dnsview

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dns"
)

// question is a name that somebody may ask for, taken apart.
type question struct {
	asked              string // without a dot at its end
	namespace, service string

	// absolute says that it is a name in a DNS zone: zone and place are then known, and name is it with its dot.
	absolute bool
	zone     *Zone
	place    dns.Place
	name     string

	domain string // of the cluster, where the name has one
}

// question takes a name apart: SERVICE.NAMESPACE.FEDERATION, that with .svc or with .svc and the domain of a cluster behind it, or a name in one of
// the federation's zones. Whether there is such a Service is another question.
func (v *View) question(name string) (question, error) {
	q := question{asked: bare(strings.ToLower(name))}
	for i := range v.Zones {
		z := &v.Zones[i]
		namespace, service, place, ok := z.naming().Parse(q.asked)
		if ok && (q.zone == nil || len(z.Suffix) > len(q.zone.Suffix)) {
			q.absolute, q.zone, q.place, q.name = true, z, place, dns.Absolute(q.asked)
			q.namespace, q.service = namespace, service
		}
	}
	if q.absolute {
		return q, nil
	}
	labels := strings.Split(q.asked, ".")
	if len(labels) < 3 || labels[2] != v.Federation || slices.Contains(labels, "") || len(labels) > 3 && labels[3] != "svc" {
		return question{}, v.notAName(name, labels)
	}
	q.service, q.namespace = labels[0], labels[1]
	if len(labels) > 4 {
		q.domain = strings.Join(labels[4:], ".")
	}
	return q, nil
}

// notAName says which names there are.
func (v *View) notAName(name string, labels []string) error {
	suffixes := make([]string, len(v.Zones))
	for i := range v.Zones {
		suffixes[i] = bare(v.Zones[i].Suffix)
	}
	hint := ""
	if len(labels) < 3 && !slices.Contains(labels, "") {
		full := append(slices.Clone(labels), "default", v.Federation)
		if len(labels) == 2 {
			full = append(slices.Clone(labels), v.Federation)
		}
		hint = fmt.Sprintf("; did you mean %s?", strings.Join(full, "."))
	}
	return fmt.Errorf("NAME %q is none of SERVICE.NAMESPACE.%[2]s, SERVICE.NAMESPACE.%[2]s.svc.CLUSTER-DOMAIN, or a name of federation %[2]q in %[3]s%[4]s",
		name, v.Federation, strings.Join(suffixes, ", "), hint)
}
