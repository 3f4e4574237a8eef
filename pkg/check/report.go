package check

import (
	"fmt"
	"strings"
)

// Report is all that was found, in the order in which it is read: what others stand on comes first.
type Report []Result

// Count returns how many checks ended at level.
func (r Report) Count(level Level) int {
	n := 0
	for _, result := range r {
		if result.Level == level {
			n++
		}
	}
	return n
}

// Worst is how the worst check went; Skipped only if nothing was found out at all.
func (r Report) Worst() Level {
	for _, level := range []Level{Failure, Warning, OK} {
		if r.Count(level) > 0 {
			return level
		}
	}
	return Skipped
}

// Names are the checks that ended at level, those of members with the member's name before them.
func (r Report) Names(level Level) []string {
	var names []string
	for _, result := range r {
		if result.Level == level {
			of := ""
			if member, is := strings.CutPrefix(result.Category, memberPrefix); is {
				of = member + "/"
			}
			names = append(names, of+result.Name)
		}
	}
	return names
}

// Summary is the last line for a reader: "all well", or how many checks went otherwise.
func (r Report) Summary() string {
	var parts []string
	for _, of := range []struct {
		level    Level
		one, all string
	}{{Failure, "failure", "failures"}, {Warning, "warning", "warnings"}, {Skipped, "check skipped", "checks skipped"}} {
		switch n := r.Count(of.level); n {
		case 0:
		case 1:
			parts = append(parts, "1 "+of.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, of.all))
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("all well: %d checks", len(r))
	}
	if r.Count(Failure)+r.Count(Warning) == 0 {
		return "nothing wrong was found, " + strings.Join(parts, ", ")
	}
	return strings.Join(parts, ", ")
}

// ByCategory returns the results heading by heading, in the report's order.
func (r Report) ByCategory() []Report {
	var parts []Report
	at := map[string]int{}
	for _, result := range r {
		i, known := at[result.Category]
		if !known {
			i = len(parts)
			at[result.Category] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], result)
	}
	return parts
}
