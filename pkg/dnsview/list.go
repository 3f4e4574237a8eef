package dnsview

import (
	"slices"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Listing is the names of Services. Scripts read its fields: they stay.
type Listing struct {
	Federation string `json:"federation"`
	Zones      []Zone `json:"zones"`
	Names      []Name `json:"names"`
	// Unwell are Services with names of which something is to be said: they have none, or not all is as it should be.
	Unwell []Unwell `json:"unwell"`
}

// Name is one name of one Service.
type Name struct {
	Name       string    `json:"name"` // without a dot at its end
	Level      dns.Level `json:"level"`
	Records    []Record  `json:"records"`
	TTL        uint32    `json:"ttl"` // in seconds
	Federation string    `json:"federation"`
	Service    string    `json:"service"` // NAMESPACE/NAME
	Zone       string    `json:"zone"`    // the DNS zone
	State      string    `json:"state"`   // of the Service: Published, or why not all is well
	Members    []Member  `json:"members"` // those that the name is there to lead to, whether they back it or not
}

// Record is what a name has of one type.
type Record struct {
	Type   dns.Type `json:"type"`
	Values []string `json:"values"`
}

// Unwell is a Service that has not all the names that it asks for.
type Unwell struct {
	Service string   `json:"service"`
	Reason  string   `json:"reason"`
	Message string   `json:"message,omitempty"`
	Members []Member `json:"members"`
}

// Filter says which names are listed. The zero Filter takes all.
type Filter struct {
	Name string // a Service (NAME or NAMESPACE/NAME), or a name as Resolve takes it
	Zone string // of DNS
}

// Namespace is the one that Name names; "" if it names none.
func (f Filter) Namespace() string {
	if namespace, _, found := strings.Cut(f.Name, "/"); found {
		return namespace
	}
	return NamespaceOf(f.Name)
}

// NamespaceOf is the namespace of the Service that a name, as Resolve takes it, belongs to; "" if it is none.
func NamespaceOf(name string) string {
	labels := strings.Split(strings.ToLower(name), ".")
	if len(labels) < 3 {
		return ""
	}
	return labels[1]
}

// List computes the names. A Filter that cannot fit anything in the federation is an error; one that merely fits nothing is none.
func (v *View) List(f Filter) (Listing, error) {
	listing := Listing{Federation: v.Federation, Zones: v.Zones, Names: []Name{}, Unwell: []Unwell{}}
	if f.Zone != "" {
		zone, err := v.zone(f.Zone, "")
		if err != nil {
			return Listing{}, err
		}
		listing.Zones = []Zone{*zone}
	}
	fits, err := v.filter(f.Name)
	if err != nil {
		return Listing{}, err
	}
	for i := range v.services {
		st := v.stateOf(&v.services[i])
		if !st.published || !fits(id(st.service), "") {
			continue
		}
		var problems []string
		for j := range listing.Zones {
			wanted, unpublishable := v.wanted(&st, &listing.Zones[j])
			for _, p := range unpublishable {
				problems = append(problems, p.Message)
			}
			for _, w := range wanted {
				if fits(id(st.service), w.Name) {
					listing.Names = append(listing.Names, v.name(&st, &listing.Zones[j], w))
				}
			}
		}
		listing.unwell(&st, append(st.problems, problems...))
	}
	return listing, nil
}

// filter gives the test of whether a name of a Service, or with "" any of them, is to be listed.
func (v *View) filter(name string) (func(service, name string) bool, error) {
	if strings.Contains(name, ".") {
		q, err := v.question(name)
		if err != nil {
			return nil, err
		}
		return func(service, name string) bool {
			return service == q.namespace+"/"+q.service && (!q.absolute || name == "" || name == q.name)
		}, nil
	}
	return func(service, _ string) bool {
		_, bare, _ := strings.Cut(service, "/")
		return name == "" || name == service || name == bare
	}, nil
}

func (v *View) name(st *state, z *Zone, w dns.Wanted) Name {
	_, _, place, _ := z.naming().Parse(w.Name)
	n := Name{
		Name: bare(w.Name), Level: w.Level, TTL: st.ttl(z), Federation: v.Federation, Service: w.Service, Zone: bare(z.Zone),
		State: st.reason, Members: v.at(st, place),
	}
	for _, set := range w.Sets {
		values := slices.Clone(set.Values)
		for i := range values {
			values[i] = bare(values[i])
		}
		n.Records = append(n.Records, Record{Type: set.Type, Values: values})
	}
	return n
}

// unwell adds the Service if there is something to be said of it.
func (l *Listing) unwell(st *state, problems []string) {
	reason, message := st.reason, st.message
	if reason == fedv1beta1.ReasonPublished {
		if message = ""; len(problems) > 0 {
			reason = fedv1beta1.ReasonPartial
		} else if st.strays == "" {
			return
		}
	}
	if st.strays != "" {
		problems = append(problems, st.strays)
	}
	for _, problem := range problems {
		if !strings.Contains(message, problem) {
			message = strings.TrimPrefix(message+"; "+problem, "; ")
		}
	}
	l.Unwell = append(l.Unwell, Unwell{Service: id(st.service), Reason: reason, Message: message, Members: st.all()})
}

// all are the members that the Service says something of, sorted by name.
func (st *state) all() []Member {
	all := make([]Member, 0, len(st.members))
	for _, m := range st.members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// bare is a name as people write it: without the dot at its end.
func bare(name string) string { return strings.TrimSuffix(name, ".") }
