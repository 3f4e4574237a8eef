package kinds_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, list string
		want       []kinds.ID
	}{
		{name: "kinds come in their own order, each once", list: "jobs.batch, namespaces,jobs.batch", want: []kinds.ID{"namespaces", "jobs.batch"}},
		{name: "an empty list is all of them", list: " ", want: ids(kinds.Default())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := kinds.Parse(tt.list)
			if err != nil || !slices.Equal(ids(got), tt.want) {
				t.Errorf("Parse(%q) = %v, %v; want %v", tt.list, ids(got), err, tt.want)
			}
		})
	}
}

func TestParseNamesAllThatIsUnknown(t *testing.T) {
	got, err := kinds.Parse("deployments,services,,pods")
	if err == nil || got != nil {
		t.Fatalf("Parse = %v, %v", got, err)
	}
	for _, says := range []string{`"deployments" is not`, `"" is not`, `"pods" is not`, "deployments.apps, replicasets.apps"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("error %q does not say %q", err, says)
		}
	}
}

func ids(all []kinds.Kind) []kinds.ID {
	var got []kinds.ID
	for _, k := range all {
		got = append(got, k.ID())
	}
	return got
}
