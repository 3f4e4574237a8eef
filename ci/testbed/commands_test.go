package main

import (
	"maps"
	"strings"
	"testing"
)

func TestMemberVersions(t *testing.T) {
	tests := []struct {
		name  string
		given []string
		want  map[string]string
		wrong []string
	}{
		{name: "none", want: map[string]string{}},
		{name: "one of each", given: []string{"mordor=1.35", "erebor=1.34"}, want: map[string]string{"mordor": "1.35", "erebor": "1.34"}},
		{name: "all that cannot be read are named", given: []string{"1.35", "=1.34", "erebor="}, wrong: []string{`"1.35"`, `"=1.34"`, `"erebor="`, "mordor=1.35"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := memberVersions(tt.given)
			for _, w := range tt.wrong {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("error %v does not say %s", err, w)
				}
			}
			if len(tt.wrong) == 0 && (err != nil || !maps.Equal(got, tt.want)) {
				t.Errorf("memberVersions = %v, %v", got, err)
			}
		})
	}
}
