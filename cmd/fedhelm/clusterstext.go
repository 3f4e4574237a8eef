package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

func printNames(w io.Writer, list clusterList) {
	for _, c := range list.Clusters {
		fmt.Fprintln(w, c.Name)
	}
}

// printClusters writes the list for a reader: a table, and of each member that is not ready what is wrong.
func printClusters(w io.Writer, list clusterList, now time.Time) {
	if len(list.Clusters) == 0 {
		fmt.Fprintf(w, "Federation %s has no members.\n", list.Federation)
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tREADY\tREGION\tZONES\tVERSION\tNODES\tCREDENTIAL\tAGE")
	for i := range list.Clusters {
		c := &list.Clusters[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Name, readyColumn(c.State), cmp.Or(c.Region, "-"),
			cmp.Or(strings.Join(c.Zones, ","), "-"), cmp.Or(c.Version, "-"), nodesColumn(c.Nodes), credentialColumn(c.Credential, now), ageColumn(c.Created, now))
	}
	_ = table.Flush() // w is a buffer
	separated := false
	for i := range list.Clusters {
		c := &list.Clusters[i]
		if c.Reason == "" {
			continue
		}
		if !separated {
			fmt.Fprintln(w)
			separated = true
		}
		fmt.Fprintf(w, "%s: %s: %s\n", c.Name, c.Reason, strings.ReplaceAll(c.Message, "\n", " "))
	}
}

func readyColumn(s roster.State) string {
	switch s {
	case roster.Ready:
		return "True"
	case roster.NotReady:
		return "False"
	default:
		return string(s)
	}
}

// credentialColumn says how long it is good for: "valid 29d", "expires in 2h", "expired", or why it cannot be used.
func credentialColumn(c clusterCredential, now time.Time) string {
	if c.Expires != nil && !c.Expires.After(now) {
		return "expired"
	}
	left := ""
	if c.Expires != nil {
		left = duration.HumanDuration(c.Expires.Sub(now))
	}
	switch {
	case c.Reason == fedv1beta1.ReasonCredentialExpired:
		return "expired"
	case c.Reason == fedv1beta1.ReasonRenewalFailed && left != "":
		return "expires in " + left // nobody renews it
	case c.Valid != "True":
		return cmp.Or(c.Reason, "-")
	case left == "":
		return "valid"
	default:
		return "valid " + left
	}
}

func nodesColumn(nodes *int32) string {
	if nodes == nil {
		return "-"
	}
	return strconv.Itoa(int(*nodes))
}

func ageColumn(created *time.Time, now time.Time) string {
	if created == nil {
		return "-"
	}
	return age(*created, now)
}
