// Package plot draws line charts as SVG.
package plot

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// Chart is lines over axes. Axes begin at 0, or are logarithmic.
type Chart struct {
	Title      string
	X, Y       string // what the axes show
	LogX, LogY bool
	Series     []Series
}

// Series is one line.
type Series struct {
	Name   string
	Points []Point
}

// Point is one of a line. On a logarithmic axis only what is above 0 is drawn.
type Point struct{ X, Y float64 }

// Size of a chart, and of what is around the lines, in pixels.
const (
	width, height            = 640, 360
	left, right, top, bottom = 70, 20, 40, 50
)

// colours can be told apart by the colour-blind, too.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"}

// WriteSVG writes the charts, one below the other.
func WriteSVG(w io.Writer, charts ...Chart) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height*len(charts))
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for i, c := range charts {
		fmt.Fprintf(&b, `<g transform="translate(0,%d)">`+"\n", i*height)
		c.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (c Chart) draw(b *strings.Builder) {
	var xs, ys []float64
	for _, s := range c.Series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	x, y := newAxis(xs, c.LogX, left, width-right), newAxis(ys, c.LogY, height-bottom, top)
	fmt.Fprintf(b, `<text x="%d" y="20" text-anchor="middle" font-size="14">%s</text>`+"\n", width/2, html.EscapeString(c.Title))
	for _, tick := range x.ticks() {
		at := x.at(tick)
		fmt.Fprintf(b, `<path d="M%.1f %d V%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at, top, height-bottom, at, height-bottom+18, label(tick))
	}
	for _, tick := range y.ticks() {
		at := y.at(tick)
		fmt.Fprintf(b, `<path d="M%d %.1f H%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left, at, width-right, left-6, at+4, label(tick))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+width-right)/2, height-8, html.EscapeString(c.X))
	fmt.Fprintf(b, `<text transform="translate(16,%d) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+height-bottom)/2, html.EscapeString(c.Y))
	for i, s := range c.Series {
		colour := colours[i%len(colours)]
		var line []string
		for _, p := range s.Points {
			if x.shows(p.X) && y.shows(p.Y) {
				line = append(line, fmt.Sprintf("%.1f,%.1f", x.at(p.X), y.at(p.Y)))
				fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(p.X), y.at(p.Y), colour)
			}
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(line, " "), colour)
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+10, top+16+16*i, colour, html.EscapeString(s.Name))
	}
}

// label is short: 50k for 50000.
func label(v float64) string {
	switch {
	case math.Abs(v) >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case math.Abs(v) >= 1e4:
		return fmt.Sprintf("%gk", v/1e3)
	default:
		return fmt.Sprintf("%g", v)
	}
}
