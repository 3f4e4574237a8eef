package manager

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sums reads metrics in Prometheus' text format, without the times that samples may have.
func sums(r io.Reader) (map[string]float64, error) {
	all := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		name, _, _ := strings.Cut(line[:max(at, 0)], "{")
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil || name == "" {
			return nil, fmt.Errorf("metrics have a line %q", line)
		}
		all[name] += value
	}
	return all, lines.Err()
}

// by adds up the series of one name by the value of a label.
func by(r io.Reader, name, label string) (map[string]float64, error) {
	all := map[string]float64{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		labels, is := strings.CutPrefix(lines.Text(), name+"{")
		if !is {
			continue
		}
		at := strings.LastIndexByte(labels, ' ')
		value, err := strconv.ParseFloat(labels[at+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics have a line %q", lines.Text())
		}
		of, _, ended := strings.Cut(after(labels, label+`="`), `"`)
		if !ended {
			return nil, fmt.Errorf("metric %s has no label %q: %q", name, label, lines.Text())
		}
		all[of] += value
	}
	return all, lines.Err()
}

// after is what follows the first of the words; "" if it is not there.
func after(s, word string) string {
	_, rest, _ := strings.Cut(","+s, ","+word)
	return rest
}
