package clusterdns

import (
	"strings"
	"testing"
)

func TestMergeFederation(t *testing.T) {
	tests := []struct {
		name, value, want string
	}{
		{"an empty value becomes the entry", "", "fellowship=example.com"},
		{"the entry goes behind those of others", "a=b.c", "a=b.c,fellowship=example.com"},
		{"white space around others stays", " a=b.c , d=e.f\n", " a=b.c , d=e.f\n,fellowship=example.com"},
		{"white space alone stays", " \n", "fellowship=example.com \n"},
		{"malformed elements stay", "a,=b,,c=", "a,=b,,c=,fellowship=example.com"},
		{"the same entry is left alone", "a=b, fellowship = example.com ,c=d", "a=b, fellowship = example.com ,c=d"},
		{"another zone is replaced in its place", "a=b, fellowship=old.example ,c=d", "a=b, fellowship=example.com ,c=d"},
		{"what kubefed left of a former zone goes", "fellowship=old.example,a=b,fellowship=older.example", "fellowship=example.com,a=b"},
		{"a name that begins alike is another's", "fellowship-2=example.org", "fellowship-2=example.org,fellowship=example.com"},
		{"a name without a zone is malformed, and stays", "fellowship", "fellowship,fellowship=example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := MergeFederation(tt.value, "fellowship", "Example.com.")
			if err != nil || got != tt.want {
				t.Errorf("MergeFederation(%q) = %q, %v, want %q", tt.value, got, err, tt.want)
			}
			if again, err := MergeFederation(got, "fellowship", "example.com"); err != nil || again != got {
				t.Errorf("once more it is %q, %v", again, err)
			}
			if zone, found := FederationZone(got, "fellowship"); zone != "example.com" || !found {
				t.Errorf("kube-dns would read the zone %q, %t", zone, found)
			}
		})
	}
}

func TestMergeFederationRefusesWhatKubeDNSWould(t *testing.T) {
	for _, tt := range [][2]string{{"Fellowship", "example.com"}, {"a.b", "example.com"}, {"a", ""}, {"a", "."}, {"a", "example..com"}, {"a", "exa_mple.com"}} {
		if got, err := MergeFederation("", tt[0], tt[1]); err == nil {
			t.Errorf("MergeFederation(%q, %q) = %q", tt[0], tt[1], got)
		}
	}
}

func TestRemoveFederation(t *testing.T) {
	tests := []struct {
		name, value, want string
	}{
		{"nothing is nothing", "", ""},
		{"the only entry leaves nothing", "fellowship=example.com", ""},
		{"the first", "fellowship=example.com,a=b", "a=b"},
		{"one in the middle", "a=b, fellowship=example.com, c=d", "a=b, c=d"},
		{"the last", "a=b,fellowship=example.com", "a=b"},
		{"all of them", "fellowship=a,b=c,fellowship=d", "b=c"},
		{"others are left alone, malformed ones too", "a=b,,c, fellowship-2=d", "a=b,,c, fellowship-2=d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := RemoveFederation(tt.value, "fellowship"); got != tt.want {
				t.Errorf("RemoveFederation(%q) = %q, want %q", tt.value, got, tt.want)
			}
		})
	}
}

func TestCheckFederations(t *testing.T) {
	for _, value := range []string{"", " \n", "a=b.c", " a = b.c , d=e"} {
		if err := CheckFederations(value); err != nil {
			t.Errorf("CheckFederations(%q): %v", value, err)
		}
	}
	err := CheckFederations("a=b.c,d,e=f.,,G=h")
	if err == nil {
		t.Fatal("malformed elements are taken")
	}
	for _, want := range []string{`"d"`, `"e=f."`, `""`, `"G=h"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "a=b.c") {
		t.Errorf("what is right is in: %v", err)
	}
}

func FuzzFederations(f *testing.F) {
	for _, seed := range []string{"", " ", "a=b", "a=b,", ",", " a = b\n,c", "b=c,a=1,d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range []string{"one", "two"} {
			if _, there := FederationZone(value, name); there {
				return // joined already: nothing is claimed of it
			}
		}
		merge := func(value, federation string) string {
			merged, err := MergeFederation(value, federation, "example.com")
			if err != nil {
				t.Fatal(err)
			}
			return merged
		}
		one := merge(value, "one")
		if got := RemoveFederation(one, "one"); got != value {
			t.Errorf("%q left again is %q", value, got)
		}
		both := merge(one, "two")
		for _, order := range [][2]string{{"one", "two"}, {"two", "one"}} {
			if got := RemoveFederation(RemoveFederation(both, order[0]), order[1]); got != value {
				t.Errorf("%q left by %v is %q", value, order, got)
			}
		}
		if (CheckFederations(value) == nil) != (CheckFederations(both) == nil) {
			t.Errorf("%q is valid otherwise than %q", value, both)
		}
	})
}
