package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/fedhelm/fedhelm/pkg/join"
)

// unjoinedText tells what was done, cluster by cluster, and what stays.
func unjoinedText(u join.Unjoined, hostContext string, member join.Member) func(io.Writer) {
	places := []struct {
		place join.Place
		name  string
	}{
		{join.InMember, fmt.Sprintf("In the member (context %s, %s)", member.Context, member.Server)},
		{join.InHost, fmt.Sprintf("In the host cluster (context %s)", hostContext)},
		{join.InFederation, "In the federation API of " + u.Federation.Name},
	}
	if member.Server == "" {
		places[0].name = fmt.Sprintf("In the member (context %s)", member.Context)
	}
	return func(w io.Writer) {
		switch {
		case len(u.Done) == 0 && len(u.Left) == 0:
			fmt.Fprintf(w, "Federation %q has no member %q: there was nothing to remove\n", u.Federation.Name, u.Cluster)
			return
		case u.DryRun:
			fmt.Fprintf(w, "Would remove cluster %q from federation %q\n", u.Cluster, u.Federation.Name)
		default: // it begins with what kubefed said
			fmt.Fprintf(w, "Successfully removed cluster %q from federation %q\n", u.Cluster, u.Federation.Name)
		}
		for _, at := range places {
			printDeeds(w, at.name, at.place, u.Done)
		}
		if len(u.Left) == 0 {
			return
		}
		fmt.Fprintf(w, "\nWhat stays, and what removes it:\n")
		for _, left := range u.Left {
			printLeftover(w, left)
		}
		if slices.ContainsFunc(u.Left, func(left join.Leftover) bool { return left.Command != "" }) {
			fmt.Fprintf(w, "\nOr all at once, when everything answers again: fedhelm unjoin %s --cluster-context=%s%s\n",
				u.Cluster, member.Context, hostHint(hostContext, u.Federation))
		}
	}
}

func printDeeds(w io.Writer, title string, place join.Place, deeds []join.Deed) {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	titled := false
	for _, deed := range deeds {
		if deed.Place != place {
			continue
		}
		if !titled {
			fmt.Fprintf(table, "%s:\n", title)
			titled = true
		}
		fmt.Fprintf(table, "  %s\t%s\n", deed.Object, deed.Did)
	}
	_ = table.Flush() // what it writes to is a buffer
}

func printLeftover(w io.Writer, left join.Leftover) {
	fmt.Fprintf(w, "  %s (in the %s)", left.Object, left.Place)
	if left.Why != "" {
		fmt.Fprintf(w, ": %s", left.Why)
	}
	fmt.Fprintln(w)
	if left.Command != "" {
		fmt.Fprintf(w, "    %s\n", left.Command)
	}
}
