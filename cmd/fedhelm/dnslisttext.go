package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

// printListing writes a table of names, then what is to be said of zones and Services.
func printListing(w io.Writer, l *dnsview.Listing, namespace string, wide bool) {
	if len(l.Names) == 0 {
		where := "in namespace " + namespace
		if namespace == "" {
			where = "in any namespace"
		}
		fmt.Fprintf(w, "No Service %s of federation %s has a name that is asked for.\n", where, l.Federation)
	} else {
		printNamesTable(w, l, wide)
	}
	for i := range l.Zones {
		if z := &l.Zones[i]; !z.Ready {
			fmt.Fprintf(w, "\nDNS zone %s is not ready, and may have other records: %s\n", z.Name, cell(because(z.Reason, z.Message)))
		}
	}
	for i := range l.Unwell {
		s := &l.Unwell[i]
		fmt.Fprintf(w, "\nService %s: %s\n", s.Service, cell(because(s.Reason, s.Message)))
		printOut(w, s.Members)
	}
}

func printNamesTable(w io.Writer, l *dnsview.Listing, wide bool) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	header := "NAME\tLEVEL\tTARGETS\tTTL\tBACKED BY\tOUT"
	if wide {
		header += "\tSERVICE\tFEDERATION\tDNS ZONE\tSTATE"
	}
	fmt.Fprintln(table, header)
	for i := range l.Names {
		n := &l.Names[i]
		backing, out := health(n.Members)
		row := []string{n.Name, string(n.Level), first(targets(n.Records), wide), ttl(n.TTL), first(backing, wide), first(out, wide)}
		if wide {
			row = append(row, n.Service, n.Federation, n.Zone, n.State)
		}
		for j := range row {
			row[j] = cell(row[j])
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush() // w is a buffer
}

// printOut writes why members do not back a Service, each in a line.
func printOut(w io.Writer, members []dnsview.Member) {
	for i := range members {
		if m := &members[i]; !m.Backs {
			fmt.Fprintf(w, "  %s: %s\n", cell(m.Name), cell(because(m.Reason, m.Message)))
		}
	}
}

// health says which members are led to, and which are not, with the reasons.
func health(members []dnsview.Member) (backing, out []string) {
	for i := range members {
		if m := &members[i]; m.Backs {
			backing = append(backing, m.Name)
		} else {
			out = append(out, m.Name+" ("+m.Reason+")")
		}
	}
	return backing, out
}

// mostShown is how many there is room for in a column.
const mostShown = 3

// first shows the first of some, or all of them, and a dash for none.
func first(some []string, all bool) string {
	if more := len(some) - mostShown; more > 0 && !all {
		return fmt.Sprintf("%s, %d more", strings.Join(some[:mostShown], ", "), more)
	}
	return orDash(strings.Join(some, ", "))
}

func targets(records []dnsview.Record) []string {
	var all []string
	for _, r := range records {
		for _, value := range r.Values {
			if r.Type == dns.CNAME {
				value = "-> " + value
			}
			all = append(all, value)
		}
	}
	return all
}

func ttl(seconds uint32) string {
	text := (time.Duration(seconds) * time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func because(reason, message string) string {
	return strings.TrimSuffix(reason+": "+message, ": ")
}

func orDash(text string) string { return cmp.Or(text, "-") }
