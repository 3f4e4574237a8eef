package endpoints

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

func read(t *testing.T, text string) *slice {
	t.Helper()
	s := &slice{}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		t.Fatal(err)
	}
	return s
}

const head = `{"metadata":{"namespace":"default","name":"web-1","labels":{"kubernetes.io/service-name":"web"}},"endpoints":`

func TestEndpointsAreReady(t *testing.T) {
	tests := []struct {
		name, endpoints string
		want            int
	}{
		{"when they say so", `[{"conditions":{"ready":true}},{"conditions":{"ready":true}}]`, 2},
		{"when they do not say", `[{"conditions":{}},{}]`, 2},
		{"not when they say that they are not", `[{"conditions":{"ready":false,"serving":true}}]`, 0},
		{"not when there is none", `null`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := read(t, head+tt.endpoints+"}").ready(); got != tt.want {
				t.Errorf("ready() = %d, want %d", got, tt.want)
			}
		})
	}
}

func name(s string) types.NamespacedName { return types.NamespacedName{Namespace: "default", Name: s} }

func TestTableTellsOfTheFirstAndOfTheLast(t *testing.T) {
	tab := newTable()
	sliceOf := func(service string, ready int) *slice {
		s := &slice{}
		s.Metadata.Labels = map[string]string{"kubernetes.io/service-name": service}
		s.Endpoints = append(s.Endpoints, make([]struct {
			Conditions struct {
				Ready *bool `json:"ready"`
			} `json:"conditions"`
		}, ready)...)
		return s
	}
	web, api := []types.NamespacedName{name("web")}, []types.NamespacedName{name("api")}
	steps := []struct {
		what    string
		do      func() []types.NamespacedName
		changed []types.NamespacedName
		web     int
	}{
		{"a slice without endpoints is nothing new", func() []types.NamespacedName { return tab.saw(name("1"), sliceOf("web", 0)) }, nil, 0},
		{"the first endpoint is", func() []types.NamespacedName { return tab.saw(name("1"), sliceOf("web", 1)) }, web, 1},
		{"more are not", func() []types.NamespacedName { return tab.saw(name("1"), sliceOf("web", 2)) }, nil, 2},
		{"nor are those of another slice", func() []types.NamespacedName { return tab.saw(name("2"), sliceOf("web", 3)) }, nil, 5},
		{"nor is one slice less", func() []types.NamespacedName { return tab.saw(name("1"), nil) }, nil, 3},
		{"a slice can be another Service's", func() []types.NamespacedName { return tab.saw(name("2"), sliceOf("api", 1)) }, append(web, api...), 0},
		{"the last slice goes", func() []types.NamespacedName { return tab.saw(name("2"), nil) }, api, 0},
		{"what was never there goes unnoticed", func() []types.NamespacedName { return tab.saw(name("3"), nil) }, nil, 0},
		{"there is one again", func() []types.NamespacedName { return tab.saw(name("1"), sliceOf("web", 1)) }, web, 1},
		{"a list that does not have it takes it away", func() []types.NamespacedName {
			tab.begin()
			changed, _ := tab.end()
			return changed
		}, web, 0},
	}
	for _, s := range steps {
		if diff := cmp.Diff(s.changed, s.do()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.what, diff)
		}
		if got, _ := tab.ready(name("web")); got != s.web {
			t.Errorf("%s: %d are ready, want %d", s.what, got, s.web)
		}
	}
	if len(tab.slices)+len(tab.services) != 0 {
		t.Errorf("left behind: %v, %v", tab.slices, tab.services)
	}
}

func TestTableKeepsOnlySoMuch(t *testing.T) {
	tab := newTable()
	one := read(t, head+`[{}]}`)
	list := func(n int) {
		tab.begin()
		for i := range n {
			tab.saw(name(strconv.Itoa(i)), one)
		}
	}
	count := func(what string, want int, excess bool) {
		t.Helper()
		if n, _ := tab.ready(name("web")); n != want || len(tab.slices) != want {
			t.Errorf("%s: %d are ready, %d kept, want %d", what, n, len(tab.slices), want)
		}
		if got := tab.excess(); got != excess {
			t.Errorf("%s: excess is %t", what, got)
		}
	}
	list(mostSlices)
	count("as many as are kept", mostSlices, false)
	tab.saw(name("more"), one)
	count("one more", mostSlices, true)
	tab.saw(name("more"), one)
	count("that was said", mostSlices, false)
	tab.saw(name("0"), read(t, head+`[]}`))
	if n, _ := tab.ready(name("web")); n != mostSlices-1 {
		t.Errorf("what is kept does not change any more: %d are ready", n)
	}
	list(1)
	tab.end()
	count("few again", 1, false)
	tab.saw(name(strings.Repeat("x", longestName+1)), one)
	count("a name that none can have", 1, true)
}
