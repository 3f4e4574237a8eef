package managerflags

import (
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name, flag string
		want       []string // parts of the error; none: the flag is known
	}{
		{name: "the first", flag: names[0]},
		{name: "verbosity", flag: "v"},
		{name: "the last", flag: names[len(names)-1]},
		{name: "kubefed's choice of controllers is told what it is now", flag: "controllers", want: []string{"kubefed's flag --controllers no more", "controllerManager.federatedKinds="}},
		{name: "a flag of the API server", flag: "anonymous-auth", want: []string{"no flag --anonymous-auth", "--failover-grace"}},
		{name: "names are spelt exactly", flag: "Leader-Elect", want: []string{"no flag --Leader-Elect"}},
		{name: "a flag after which nothing runs", flag: "version", want: []string{"no flag --version"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(tt.flag)
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("Check(%q) = %v", tt.flag, err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
		})
	}
}

func TestNames(t *testing.T) {
	if !slices.IsSorted(names) {
		t.Error("the names are not sorted, so that some are not found")
	}
	for name := range retired {
		if slices.Contains(names, name) {
			t.Errorf("--%s is there, and so not retired", name)
		}
	}
	Names()[0] = "changed"
	if names[0] == "changed" {
		t.Error("whoever asks for the names can change them")
	}
}
