package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestAChartIsWellFormedAndShowsItsPoints(t *testing.T) {
	var out strings.Builder
	err := WriteSVG(&out, Chart{
		Title: "time & memory", X: "objects", Y: "seconds", LogX: true,
		Series: []Series{{"fedhelm <1>", []Point{{1000, 2}, {10000, 20}, {50000, 100}}}, {"floor", []Point{{0, 1}, {1000, 1}}}},
	}, Chart{Title: "nothing"})
	if err != nil {
		t.Fatal(err)
	}
	elements := map[string]int{}
	for d := xml.NewDecoder(strings.NewReader(out.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	// A point at 0 has no place on a logarithmic axis.
	if elements["circle"] != 4 || elements["polyline"] != 2 || elements["g"] != 2 {
		t.Errorf("elements are %v", elements)
	}
	for _, want := range []string{"time &amp; memory", "fedhelm &lt;1&gt;", ">10k<"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestAxis(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		log    bool
		ticks  []float64
		at     map[float64]float64
	}{
		{name: "begins at 0 and ends at a round number", values: []float64{3, 93}, ticks: []float64{0, 20, 40, 60, 80, 100}, at: map[float64]float64{0: 0, 50: 50, 100: 100}},
		{name: "has powers of ten when logarithmic", values: []float64{2, 1000}, log: true, ticks: []float64{1, 10, 100, 1000}, at: map[float64]float64{1: 0, 10: 100. / 3, 1000: 100}},
		{name: "of nothing is there all the same", ticks: []float64{0, .2, .4, .6, .8, 1}},
		{name: "of zeros has a length", values: []float64{0, 0}, ticks: []float64{0, .2, .4, .6, .8, 1}},
		{name: "of one value when logarithmic has a length", values: []float64{10}, log: true, ticks: []float64{10, 100}},
		{name: "leaves out what has no place", values: []float64{math.NaN(), math.Inf(1), 5}, ticks: []float64{0, 1, 2, 3, 4, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAxis(tt.values, tt.log, 0, 100)
			near := func(x, y float64) bool { return math.Abs(x-y) < 1e-9 }
			if got := a.ticks(); !slices.EqualFunc(got, tt.ticks, near) {
				t.Errorf("ticks are %v, want %v", got, tt.ticks)
			}
			for value, want := range tt.at {
				if got := a.at(value); !near(got, want) {
					t.Errorf("%v is at %v, want %v", value, got, want)
				}
			}
		})
	}
}
