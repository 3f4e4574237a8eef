package release

import (
	"errors"
	"slices"
	"testing"
)

func TestChartError(t *testing.T) {
	const intro = "values don't meet the specifications of the schema(s) in the following chart(s):\n"
	tests := []struct {
		name string
		err  string
		want []string // none: not about the values
	}{
		{name: "another error", err: "Kubernetes cluster unreachable"},
		{name: "a template that is broken", err: "parse error at (federation/templates/a.yaml:1): unexpected EOF"},
		{
			name: "a value of a dependency is named by its alias",
			err:  intro + "controlPlane:\n- at '/etcd/replicas': value must be one of 1, 3, 5\n- at '': additional properties 'nosuch' not allowed\n",
			want: []string{"controlPlane.etcd.replicas: value must be one of 1, 3, 5", "controlPlane: additional properties 'nosuch' not allowed"},
		},
		{
			name: "what all charts say of a shared value is said once",
			err: intro + "federation:\n- at '/global': additional properties 'bogus' not allowed\n- at '': additional properties 'x' not allowed\n" +
				"controlPlane:\n- at '/global': additional properties 'bogus' not allowed\n",
			want: []string{"global: additional properties 'bogus' not allowed", "values: additional properties 'x' not allowed"},
		},
		{
			name: "each line of a template's fail",
			err:  "execution error at (federation/charts/controlPlane/templates/validate.yaml:4:4): \nfirst: do this\nsecond: do that\n",
			want: []string{"first: do this", "second: do that"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := chartError(errors.New(tt.err))
			switch {
			case got == nil && tt.want != nil:
				t.Error("not taken for an error of the values")
			case got != nil && !slices.Equal(got.Problems, tt.want):
				t.Errorf("got  %q\nwant %q", got.Problems, tt.want)
			}
		})
	}
}
