package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fedhelm/fedhelm/ci/bench/internal/plot"
)

// partsBench is what benchmarks of a running federation have in common: they measure several parts, of which one can be chosen, and leave files.
type partsBench struct {
	bench
	parts []string

	out          string
	limit        time.Duration
	managerFlags list[string]
}

// choose says which of all parts to measure: one, or all for "". of is what they are parts of.
func (b *partsBench) choose(part, of string, all []string) error {
	switch {
	case part == "":
		b.parts = all
	case slices.Contains(all, part):
		b.parts = []string{part}
	default:
		return fmt.Errorf("which part of %s? %s, or none of them for all", of, strings.Join(all, ", "))
	}
	return nil
}

// flags are those of all such benchmarks; name is that of the files.
func (b *partsBench) flags(f *flag.FlagSet, name string) {
	f.StringVar(&b.out, "out", "", fmt.Sprintf("directory for %[1]s.md, %[1]s.json and %[1]s.svg; none if empty", name))
	f.DurationVar(&b.limit, "limit", 15*time.Minute, "how long a single measurement may take")
	f.Var(&b.managerFlags, "manager-flags", "further flags of the controller manager, with commas between them")
}

// publish writes the tables for whoever waits, and, if they are wanted, the files, which are called by name.
func (b *partsBench) publish(name string, results any, tables func(io.Writer) error, charts []plot.Chart) error {
	if err := tables(os.Stdout); err != nil || b.out == "" {
		return err
	}
	path := filepath.Join(b.out, name)
	return errors.Join(
		toFile(path+".md", tables),
		toFile(path+".json", func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(results)
		}),
		toFile(path+".svg", func(w io.Writer) error { return plot.WriteSVG(w, charts...) }),
	)
}

func toFile(path string, content func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(content(file), file.Close())
}

// list is a flag with commas in it.
type list[T int | string] []T

// String implements flag.Value.
func (l *list[T]) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]T(*l)), " ", ","), "[]")
}

// Set implements flag.Value.
func (l *list[T]) Set(s string) error {
	*l = nil
	for _, part := range strings.Split(s, ",") {
		var value any = part
		if _, numbers := any(*new(T)).(int); numbers {
			n, err := strconv.Atoi(part)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no number of something", part)
			}
			value = n
		}
		*l = append(*l, value.(T)) //nolint:forcetypeassert // as above
	}
	return nil
}
