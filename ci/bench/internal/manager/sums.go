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
