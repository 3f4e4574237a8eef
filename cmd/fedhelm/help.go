package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagHelp is a flag's line in a help text: short names first, what it takes, what it does, and its default unless that is
// nothing.
func flagHelp(flag cli.Flag) string {
	doc, ok := flag.(cli.DocGenerationFlag)
	if !ok {
		return strings.Join(flag.Names(), ", ")
	}
	value, usage := placeholder(doc.GetUsage())
	if doc.TakesValue() && value == "" {
		value = "VALUE"
	}
	var short, long []string
	for _, name := range flag.Names() {
		if len(name) == 1 {
			short = append(short, "-"+name)
		} else {
			long = append(long, "--"+name)
		}
	}
	names := strings.Join(append(short, long...), ", ")
	if len(short) == 0 {
		names = "    " + names
	}
	if value != "" {
		names += " " + value
	}
	if initial := initially(flag); initial != "" {
		usage += fmt.Sprintf(" (default %s)", initial)
	}
	return names + "\t" + usage
}

// placeholder takes the name of the value, which stands in backquotes, out of a usage text.
func placeholder(usage string) (value, text string) {
	before, rest, found := strings.Cut(usage, "`")
	if !found {
		return "", usage
	}
	value, after, _ := strings.Cut(rest, "`")
	return value, before + value + after
}

func initially(flag cli.Flag) string {
	switch f := flag.(type) {
	case *cli.StringFlag:
		return f.Value
	case *cli.DurationFlag:
		return strings.TrimSuffix(f.Value.String(), "0s")
	case *cli.BoolFlag:
		if f.Value {
			return "true"
		}
	}
	return ""
}
