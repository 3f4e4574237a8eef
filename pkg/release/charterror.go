package release

import (
	"regexp"
	"slices"
	"strings"
)

// ChartError is what a chart has against the values that it was given. Nothing has been written then.
type ChartError struct {
	Problems []string // one clause each, naming the value
	Schema   bool     // they are with the values by themselves: no other values beside them would help
}

func (e *ChartError) Error() string { return strings.Join(e.Problems, "\n") }

var (
	// A schema's complaints stand below the name of the chart that they are about.
	schemaChart   = regexp.MustCompile(`^(\S+):$`)
	schemaProblem = regexp.MustCompile(`^- at '([^']*)': (.*)$`)
	// What a template's fail says stands behind the place of the template, or in the lines below.
	failPlace = regexp.MustCompile(`^execution error at \([^)]*\):\s*`)
)

const schemaIntro = "values don't meet the specifications of the schema(s)"

// chartError finds the problems in an error of Helm's rendering; nil when it is about something else.
func chartError(err error) *ChartError {
	text := err.Error()
	var problems []string
	schema := strings.HasPrefix(text, schemaIntro)
	if schema {
		problems = schemaProblems(text)
	} else if place := failPlace.FindString(text); place != "" {
		problems = lines(strings.TrimPrefix(text, place))
	}
	if len(problems) == 0 {
		return nil
	}
	return &ChartError{Problems: problems, Schema: schema}
}

func schemaProblems(text string) []string {
	var problems []string
	chart := ""
	for _, line := range lines(text) {
		if name := schemaChart.FindStringSubmatch(line); name != nil {
			chart = name[1]
			continue
		}
		if p := schemaProblem.FindStringSubmatch(line); p != nil {
			problem := valuePath(chart, p[1]) + ": " + p[2]
			if !slices.Contains(problems, problem) { // each chart has its say about what they share
				problems = append(problems, problem)
			}
		}
	}
	return problems
}

// valuePath is how a value is named on the command line.
func valuePath(chart, pointer string) string {
	path := strings.ReplaceAll(strings.Trim(pointer, "/"), "/", ".")
	switch {
	case chart == umbrella && path == "":
		return "values"
	case chart == umbrella, path == "global", strings.HasPrefix(path, "global."):
		return path
	case path == "":
		return chart
	default:
		return chart + "." + path
	}
}

// umbrella is the name of the chart whose values are not below a name of their own.
const umbrella = "federation"

// lines are those that say something.
func lines(text string) []string {
	var said []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			said = append(said, line)
		}
	}
	return said
}
