package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fedhelm/fedhelm/pkg/describe"
	"github.com/fedhelm/fedhelm/pkg/printable"
)

// longestReason is what a reader gets of a reason; -o json has all of it.
const longestReason = 512

// printDescription writes it for a reader: what the object asks for, a table of members, and what happened.
func printDescription(w io.Writer, d *describe.Description, now time.Time) {
	line := func(name, value string) {
		fmt.Fprintf(w, "%-14s%s\n", name+":", printable.Line(value, 2*longestReason))
	}
	line("Kind", d.Kind+" ("+d.Resource+")")
	line("Name", d.Name)
	if d.Namespace != "" {
		line("Namespace", d.Namespace)
	}
	line("Age", age(d.Created, now))
	line("Selector", cmp.Or(d.Selector, "none: all members"))
	if d.Preferences != "" {
		line("Preferences", d.Preferences)
	}
	line("Propagation", propagationLine(d))
	for _, problem := range d.Problems {
		line("Problem", problem)
	}
	switch {
	case len(d.Members) > 0:
		fmt.Fprintln(w)
		printParts(w, d.Members)
	case d.Federated && len(d.NotSelected) == 0 && len(d.Problems) == 0:
		fmt.Fprintln(w, "\nThe federation has no members.")
	}
	if d.Unnamed > 0 {
		fmt.Fprintf(w, "\nOf %d more members there is something to say, but no room for it in the object's annotation.\n", d.Unnamed)
	}
	if len(d.NotSelected) > 0 {
		fmt.Fprintf(w, "\nNot selected (their labels do not match the selector): %s\n", strings.Join(d.NotSelected, ", "))
	}
	if len(d.Events) > 0 {
		fmt.Fprintln(w)
		printEvents(w, d.Events, now)
	}
}

func propagationLine(d *describe.Description) string {
	switch {
	case !d.Federated:
		return "none: this object is not federated"
	case d.Deleting:
		return "being deleted; " + cmp.Or(d.Propagation, "its copies go first")
	default:
		return cmp.Or(d.Propagation, "nothing is known yet; fedhelm check looks whether the controller manager is well")
	}
}

func printParts(w io.Writer, members []describe.Member) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "MEMBER\tWANTED\tREADY\tSTATE\tREASON")
	for i := range members {
		m := &members[i]
		status := string(m.State)
		if m.Finished != "" {
			status += ", " + m.Finished
		}
		row := strings.Join([]string{m.Name, number(m.Wanted), number(m.Ready), cell(status), cell(m.Message)}, "\t")
		fmt.Fprintln(table, strings.TrimSuffix(row, "\t"))
	}
	_ = table.Flush() // w is a buffer
}

func printEvents(w io.Writer, events []describe.Event, now time.Time) {
	fmt.Fprintln(w, "Events:")
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "LAST\tTYPE\tREASON\tMESSAGE")
	for _, e := range events {
		last := age(e.Last, now)
		if e.Count > 1 {
			last += " (x" + strconv.Itoa(int(e.Count)) + ")"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", last, cell(e.Type), cell(e.Reason), cell(e.Message))
	}
	_ = table.Flush() // w is a buffer
}

// cell is a text that stays in its place of a table.
func cell(text string) string { return printable.Line(text, longestReason) }

func number(n *int32) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(int(*n))
}
