package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/check"
)

// marks are what stands before a check, by how it went.
type marks map[check.Level]string

var (
	unicodeMarks = marks{check.OK: "√", check.Warning: "‼", check.Failure: "×", check.Skipped: "-"}
	asciiMarks   = marks{check.OK: "ok", check.Warning: "!!", check.Failure: "XX", check.Skipped: "--"}
)

// marksFor are those that the user's locale can show.
func marksFor(getenv func(string) string) marks {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set decides
		if locale := strings.ToLower(getenv(name)); locale != "" {
			if strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") {
				return unicodeMarks
			}
			break
		}
	}
	return asciiMarks
}

// printReport writes the checks for a reader, heading by heading.
func printReport(w io.Writer, report check.Report, marks marks) {
	for _, part := range report.ByCategory() {
		fmt.Fprintln(w, part[0].Category)
		var behind []string // skipped for no reason of their own
		for _, r := range part {
			if r.Blocker != "" {
				behind = append(behind, r.Name)
				continue
			}
			fmt.Fprintf(w, "  %s %s: %s\n", marks[r.Level], r.Name, r.Text)
			if r.Mend != "" {
				fmt.Fprintf(w, "      mend: %s\n", r.Mend)
			}
		}
		if len(behind) > 0 {
			fmt.Fprintf(w, "  %s skipped, others come first: %s\n", marks[check.Skipped], strings.Join(behind, ", "))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, report.Summary())
}
