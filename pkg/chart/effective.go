package chart

import (
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// EffectiveValues are the values that templates will see: those given, over the defaults of the chart and its dependencies.
type EffectiveValues struct{ vals map[string]any }

// Effective lays values over the chart's defaults. Neither is changed. Values that do not fit the chart give what can be
// read: rendering reports them.
func Effective(chrt *chart.Chart, vals map[string]any) EffectiveValues {
	merged, err := chartutil.CoalesceValues(chrt, deepCopy(vals))
	if err != nil {
		return EffectiveValues{vals: vals}
	}
	return EffectiveValues{vals: withAliases(chrt, merged)}
}

// withAliases adds the defaults of dependencies under the names that the umbrella gives them; CoalesceValues knows only
// dependencies that Helm has renamed already, which happens when rendering.
func withAliases(chrt *chart.Chart, vals map[string]any) map[string]any {
	if chrt.Metadata == nil {
		return vals
	}
	for _, dependency := range chrt.Metadata.Dependencies {
		if dependency.Alias == "" {
			continue
		}
		for _, sub := range chrt.Dependencies() {
			if sub.Name() != dependency.Name {
				continue
			}
			given, _ := vals[dependency.Alias].(map[string]any)
			vals[dependency.Alias] = chartutil.CoalesceTables(deepCopy(given), deepCopy(sub.Values))
		}
	}
	return vals
}

// String is the text at a path such as global.dns.zone; "" when there is none.
func (v EffectiveValues) String(path string) string {
	text, _ := lookup(v.vals, path).(string)
	return text
}

// Bool is the switch at a path; false when there is none.
func (v EffectiveValues) Bool(path string) bool {
	on, _ := lookup(v.vals, path).(bool)
	return on
}

// Strings is the list of texts at a path.
func (v EffectiveValues) Strings(path string) []string {
	list, _ := lookup(v.vals, path).([]any)
	var texts []string
	for _, each := range list {
		if text, ok := each.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}
