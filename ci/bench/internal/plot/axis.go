package plot

import (
	"math"
	"slices"
)

// axis maps values to pixels.
type axis struct {
	log      bool
	min, max float64
	from, to float64 // pixels
}

// newAxis makes one that has room for all values.
func newAxis(values []float64, log bool, from, to float64) axis {
	a := axis{log: log, from: from, to: to, max: 1}
	values = slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) || log && v <= 0 })
	if len(values) > 0 {
		a.min, a.max = min(0, slices.Min(values)), slices.Max(values)
	}
	if log {
		a.min, a.max = 1, 10
		if len(values) > 0 {
			a.min, a.max = math.Pow(10, math.Floor(math.Log10(slices.Min(values)))), math.Pow(10, math.Ceil(math.Log10(slices.Max(values))))
		}
	} else if a.max > a.min {
		a.max = step(a.max-a.min) * math.Ceil(a.max/step(a.max-a.min))
	}
	if a.max == a.min {
		a.max = a.min + 1
		if log {
			a.max = 10 * a.min
		}
	}
	return a
}

// shows reports whether the value has a place.
func (a axis) shows(v float64) bool { return v >= a.min && v <= a.max }

func (a axis) at(v float64) float64 {
	share := (v - a.min) / (a.max - a.min)
	if a.log {
		share = math.Log(v/a.min) / math.Log(a.max/a.min)
	}
	return a.from + share*(a.to-a.from)
}

func (a axis) ticks() []float64 {
	var all []float64
	if a.log {
		for v := a.min; v <= a.max*1.0001; v *= 10 {
			all = append(all, v)
		}
		return all
	}
	by := step(a.max - a.min)
	for i := math.Ceil(a.min / by); i*by <= a.max*1.0001; i++ {
		all = append(all, i*by)
	}
	return all
}

// step is 1, 2 or 5 times a power of ten, so that there are about five in the span.
func step(span float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(span/5)))
	for _, times := range []float64{1, 2, 5} {
		if times*power >= span/5 {
			return times * power
		}
	}
	return 10 * power
}
