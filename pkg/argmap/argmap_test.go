package argmap

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		in   []string
		want map[string]any
	}{
		{name: "no flag is no override", want: map[string]any{}},
		{name: "an empty flag is no override", in: []string{"", "  "}, want: map[string]any{}},
		{
			name: "the guide's example", in: []string{"--anonymous-auth=false,--v=4"},
			want: map[string]any{"anonymous-auth": "false", "v": "4"},
		},
		{name: "dashes may be left out", in: []string{"v=4,-vmodule=a=1"}, want: map[string]any{"v": "4", "vmodule": "a=1"}},
		{name: "only the first = separates", in: []string{"--a=b=c=d"}, want: map[string]any{"a": "b=c=d"}},
		{name: "an empty value is a value", in: []string{"--a=,--b="}, want: map[string]any{"a": "", "b": ""}},
		{
			name: "an argument in double quotes keeps its commas", in: []string{`"--runtime-config=a=true,b=true",--v=4`},
			want: map[string]any{"runtime-config": "a=true,b=true", "v": "4"},
		},
		{
			name: "a value in single quotes keeps its commas", in: []string{`--runtime-config='a=true,b=true',--v=4`},
			want: map[string]any{"runtime-config": "a=true,b=true", "v": "4"},
		},
		{
			name: "a backslash keeps a comma, a quote and itself", in: []string{`--a=1\,2,--b=\"x\',--c=\\`},
			want: map[string]any{"a": "1,2", "b": `"x'`, "c": `\`},
		},
		{
			name: "a backslash before anything else is one", in: []string{`--cors-allowed-origins=//.*\.example\.com$`},
			want: map[string]any{"cors-allowed-origins": `//.*\.example\.com$`},
		},
		{name: "in single quotes a backslash is one", in: []string{`--a='\,'`}, want: map[string]any{"a": `\,`}},
		{
			name: "in double quotes a quote is escaped", in: []string{`--a="say \"friend\", enter"`},
			want: map[string]any{"a": `say "friend", enter`},
		},
		{
			name: "repeated arguments become a list in order", in: []string{"--a=1,--b=x", "a=2", "-a=3"},
			want: map[string]any{"a": []any{"1", "2", "3"}, "b": "x"},
		},
		{
			name: "blanks around keys and values go, inside they stay", in: []string{" --a = b c , --d=e "},
			want: map[string]any{"a": "b c", "d": "e"},
		},
		{name: "quoted blanks stay", in: []string{`--a=" b ",--c=' '`}, want: map[string]any{"a": " b ", "c": " "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestParseRejects(t *testing.T) {
	tests := []struct {
		name string
		in   []string
		want []string
	}{
		{name: "an argument without a value", in: []string{"--a"}, want: []string{"wrong format for override arg: --a"}},
		{name: "an argument without a name", in: []string{"--=x"}, want: []string{"wrong format for override arg: --=x, arg name cannot be empty"}},
		{name: "a comma too much", in: []string{"--a=b,"}, want: []string{"wrong format for override arg: "}},
		{name: "a name that is none", in: []string{"--a b=c"}, want: []string{`wrong format for override arg: --a b=c, "a b" is no argument name`}},
		{name: "an open quote", in: []string{`--a="b`}, want: []string{`wrong format for override arg: --a="b, a quote (") is not closed`}},
		{
			name: "all that is wrong at once", in: []string{"--a,--b=1,--=2", "--c", "'"},
			want: []string{
				"wrong format for override arg: --a", "wrong format for override arg: --=2, arg name cannot be empty",
				"wrong format for override arg: --c", "wrong format for override arg: ', a quote (') is not closed",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in...)
			if err == nil {
				t.Fatalf("Parse(%q) = %v, want an error", tt.in, got)
			}
			if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseNodeSelector(t *testing.T) {
	got, err := ParseNodeSelector("disktype=ssd, topology.kubernetes.io/zone = a,spare=")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"disktype": "ssd", "topology.kubernetes.io/zone": "a", "spare": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got, err := ParseNodeSelector(""); err != nil || len(got) != 0 {
		t.Errorf("empty selector = %v, %v; want none", got, err)
	}
}

func TestParseNodeSelectorRejects(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want []string
	}{
		{name: "a pair without =", in: "ssd", want: []string{"wrong format for override arg: ssd"}},
		{name: "an open quote", in: `a="b`, want: []string{"is not closed"}},
		{
			name: "names and values that are none, and contradictions, at once", in: "-a=b,zone=a b,x=1,x=2",
			want: []string{`"-a" is no label name`, `"a b" is no value for label "zone"`, `label "x" is asked to be "1" and "2"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseNodeSelector(tt.in)
			if err == nil {
				t.Fatalf("ParseNodeSelector(%q) = %v, want an error", tt.in, got)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error lacks %q: %v", part, err)
				}
			}
		})
	}
}

// quoted writes an argument so that nothing in it is special, in one of the ways there are.
func quoted(key, value string, way uint8) string {
	arg := "--" + key + "=" + value
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, `,`, `\,`)
	switch {
	case way%3 == 0 && !strings.Contains(value, "'"):
		return "'" + arg + "'"
	case way%3 == 1 && strings.TrimSpace(value) == value:
		return escape.Replace(arg)
	default:
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(arg) + `"`
	}
}

func FuzzParseUndoesQuoting(f *testing.F) {
	f.Add("a", "b", "c", "d", uint8(0))
	f.Add("runtime-config", "a=true,b=true", "v", `\"',`, uint8(1))
	f.Add("x", " blanks ", "x", "twice", uint8(2))
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string, way uint8) {
		if !argName.MatchString(k1) || !argName.MatchString(k2) {
			t.Skip()
		}
		v1, v2 = strings.ToValidUTF8(v1, ""), strings.ToValidUTF8(v2, "")
		want := map[string]any{k1: v1, k2: v2}
		if k1 == k2 {
			want = map[string]any{k1: []any{v1, v2}}
		}
		in := quoted(k1, v1, way) + "," + quoted(k2, v2, way/3)
		got, err := Parse(in)
		if err != nil {
			t.Fatalf("Parse(%q): %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", in, diff)
		}
	})
}
