package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/fedhelm/fedhelm/pkg/dnsview"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// printStatus writes the status for a reader.
func printStatus(w io.Writer, s status, now time.Time) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	line := func(key, format string, args ...any) { fmt.Fprintf(table, key+":\t"+format+"\n", args...) }
	line("Federation", "%s (namespace %s)", s.Name, s.Namespace)
	line("Ready", "%s", yesNo(s.Ready))
	if s.Problem != "" {
		line("Problem", "%s", s.Problem)
	}
	if s.Server != "" {
		line("API server", "%s (Service of type %s)", s.Server, s.Service)
	}
	if s.Release != nil {
		line("Release", "%s, revision %d, %s %s ago", s.Release.Chart, s.Release.Revision, s.Release.Status, age(s.Release.Updated, now))
	} else {
		line("Release", "none: not installed by Helm or fedhelm init")
	}
	line("Members", "%d%s", len(s.Members), inBrackets(s.Members))
	if len(s.Claims) > 0 {
		line("Data", "%s", strings.Join(s.Claims, ", "))
	}
	if s.DNSProblem != "" {
		line("DNS zones", "not known: %s", cell(s.DNSProblem))
	}
	_ = table.Flush() // w is a buffer
	printZones(w, s.DNSZones)
	printPods(w, s.Pods, now)
	printImages(w, s.Images)
	printCertificates(w, s.Certificates, now)
}

func printZones(w io.Writer, zones []dnsview.Zone) {
	section(w, "DNS ZONE\tPROVIDER\tREADY\tNAMES\tRECORDS\tSERVERS\tREASON", len(zones), func(w io.Writer) {
		for i := range zones {
			z := &zones[i]
			why := ""
			switch {
			case !z.Ready:
				why = because(z.Reason, z.Message)
			case z.Held != "":
				why = "records are held: " + z.Held
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", z.Name, z.Provider, yesNo(z.Ready), z.Names, z.Records, orDash(strings.Join(z.Servers, ", ")), cell(orDash(why)))
		}
	})
}

func printPods(w io.Writer, pods []federation.Pod, now time.Time) {
	section(w, "POD\tREADY\tSTATE\tRESTARTS\tAGE", len(pods), func(w io.Writer) {
		for _, pod := range pods {
			fmt.Fprintf(w, "%s\t%d/%d\t%s\t%d\t%s\n", pod.Name, pod.Ready, pod.Wanted, pod.Phase, pod.Restarts, age(pod.Started, now))
		}
	})
}

func printImages(w io.Writer, images map[string]string) {
	section(w, "CONTAINER\tIMAGE", len(images), func(w io.Writer) {
		for _, name := range slices.Sorted(maps.Keys(images)) {
			fmt.Fprintf(w, "%s\t%s\n", name, images[name])
		}
	})
}

func printCertificates(w io.Writer, certificates []federation.Certificate, now time.Time) {
	section(w, "CERTIFICATE\tOF\tREMAINING", len(certificates), func(w io.Writer) {
		for _, c := range certificates {
			remaining := "expired"
			if c.Expires.After(now) {
				remaining = duration.HumanDuration(c.Expires.Sub(now))
			}
			fmt.Fprintf(w, "%s/%s\t%s\t%s\n", c.Secret, c.Key, c.Subject, remaining)
		}
	})
}

// section is a table after an empty line, unless it has no rows.
func section(w io.Writer, header string, rows int, write func(io.Writer)) {
	if rows == 0 {
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "\n%s\n", header)
	write(table)
	_ = table.Flush() // w is a buffer
}

func age(since, now time.Time) string { return duration.HumanDuration(now.Sub(since)) }

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func inBrackets(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
