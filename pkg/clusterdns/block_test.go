package clusterdns

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kubeadm is the Corefile that most clusters have.
const kubeadm = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`

const fellowshipBlock = `# BEGIN fedhelm federation-system/fellowship: names of federation fellowship. Written by fedhelm join, removed by fedhelm unjoin.
fellowship.svc.cluster.local:53 {
    errors
    cache 30
    forward . 10.0.0.53
}
# END fedhelm federation-system/fellowship`

func block(federation, upstream string) Block {
	return Block{Owner: Owner{"federation-system", federation}, ClusterDomain: "cluster.local", Port: "53", Upstream: upstream}
}

func add(t *testing.T, text string, b Block) string {
	t.Helper()
	got, err := AddBlock(text, b)
	if err != nil {
		t.Fatalf("AddBlock(%q): %v", text, err)
	}
	return got
}

func TestAddBlock(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"it goes behind all that is there", kubeadm, kubeadm + fellowshipBlock + "\n"},
		{"an empty file is a file", "", fellowshipBlock + "\n"},
		{"a last line without an end gets one, and the new last line has none", strings.TrimSuffix(kubeadm, "\n"), kubeadm + fellowshipBlock},
		{"a comment at the end does not swallow it", kubeadm + "# mine", kubeadm + "# mine\n" + fellowshipBlock},
		{"the same block is left alone", kubeadm + fellowshipBlock + "\n# more\n", kubeadm + fellowshipBlock + "\n# more\n"},
		{"another block of the federation is replaced in its place",
			strings.ReplaceAll(fellowshipBlock, "10.0.0.53", "10.0.0.9") + "\n" + kubeadm, fellowshipBlock + "\n" + kubeadm},
		{"what was put between the marks' lines and the block goes with it",
			"\t" + strings.ReplaceAll(fellowshipBlock, "\n    errors", "\n\n    log # see all\n") + "\r\n" + kubeadm, fellowshipBlock + "\r\n" + kubeadm},
		{"marks in strings and behind other words are none",
			". {\n  log \"\n# BEGIN fedhelm federation-system/fellowship\n\"\n} # END fedhelm federation-system/fellowship\n",
			". {\n  log \"\n# BEGIN fedhelm federation-system/fellowship\n\"\n} # END fedhelm federation-system/fellowship\n" + fellowshipBlock + "\n"},
		{"another federation's block stays", kubeadm + block("rohirrim", "10.0.0.1").String() + "\n",
			kubeadm + block("rohirrim", "10.0.0.1").String() + "\n" + fellowshipBlock + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := add(t, tt.text, block("fellowship", "10.0.0.53"))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again := add(t, got, block("fellowship", "10.0.0.53")); again != got {
				t.Errorf("once more it is\n%s", again)
			}
		})
	}
}

func TestBlockListensWhereTheClustersServerDoes(t *testing.T) {
	b := Block{Owner: Owner{"ns", "f"}, ClusterDomain: "k8s.example", Bind: []string{"bind 10.0.0.10 {\n  except 127.0.0.1\n }", "bind eth1"}, Upstream: "fd00::53"}
	want := `# BEGIN fedhelm ns/f: names of federation f. Written by fedhelm join, removed by fedhelm unjoin.
f.svc.k8s.example {
    bind 10.0.0.10 {
  except 127.0.0.1
 }
    bind eth1
    errors
    cache 30
    forward . fd00::53
}
# END fedhelm ns/f`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := add(t, kubeadm, b); got != kubeadm+want+"\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestAddBlockRefuses(t *testing.T) {
	good := block("fellowship", "10.0.0.53")
	tests := []struct {
		name, text string
		block      Block
		is         error
		want       string
	}{
		{"a block that nothing ends", kubeadm + strings.TrimSuffix(fellowshipBlock, "# END fedhelm federation-system/fellowship"), good, ErrDamaged,
			"line 21 begins it, and nothing ends it"},
		{"a block that nothing begins", kubeadm + "# END fedhelm federation-system/fellowship\n", good, ErrDamaged, "line 21 ends it, and nothing begins it"},
		{"marks the wrong way round", "# END fedhelm federation-system/fellowship\n# BEGIN fedhelm federation-system/fellowship\n", good, ErrDamaged,
			"line 1 ends it, and line 2 begins it"},
		{"two blocks of one federation", fellowshipBlock + "\n" + fellowshipBlock + "\n", good, ErrDamaged, "lines 1 and 8 are the same mark"},
		{"marks with nothing between them", "# BEGIN fedhelm federation-system/fellowship:\n# END fedhelm federation-system/fellowship\n", good, ErrDamaged,
			"0 server blocks instead of one between lines 1 and 2"},
		{"marks with somebody's block between them too", strings.Replace(fellowshipBlock, "\n#", "\nother {\n}\n#", 1), good, ErrDamaged, "2 server blocks instead of one"},
		{"marks that begin inside a server block", ". {\n# BEGIN fedhelm federation-system/fellowship\n}\n# END fedhelm federation-system/fellowship\n", good, ErrDamaged,
			"the server block of line 1 is partly between"},
		{"marks around another federation's", "# BEGIN fedhelm federation-system/fellowship\n" + block("x", "10.0.0.1").String() + "\n# END fedhelm federation-system/fellowship\n", good,
			ErrDamaged, "is a mark of federation-system/x"},
		{"a domain that somebody serves", kubeadm + "Fellowship.svc.cluster.local.:53 {\n}\n", good, ErrServed, "line 21 of the Corefile, put there by somebody else"},
		{"a domain of another federation of that name", kubeadm + strings.ReplaceAll(fellowshipBlock, "federation-system", "shire"), good, ErrServed,
			"below the mark of federation shire/fellowship"},
		{"a server block without braces", ".:53\nerrors\nkubernetes cluster.local\n", good, nil, "has no braces"},
		{"a string without an end", kubeadm + "x {\n log \"\n}\n", good, nil, "line 22: a quoted string without an end"},
		{"a server block without an end", ". {\n errors {\n}\n", good, nil, "the file ends within a server block"},
		{"an address that is missing", ".:53,", good, nil, "an address without the next one"},
		{"a name that is none", kubeadm, block("Fellowship", "10.0.0.53"), nil, `"Fellowship" is no RFC 1123 label`},
		{"an upstream that is none", kubeadm, block("fellowship", "None"), nil, `upstream "None" is no IP address`},
		{"a port that is none", kubeadm, Block{Owner: Owner{"a", "b"}, ClusterDomain: "c", Port: "dns", Upstream: "10.0.0.1"}, nil, `port "dns" is no port`},
		{"a domain that is none", kubeadm, Block{Owner: Owner{"a", "b"}, Upstream: "10.0.0.1"}, nil, `cluster domain "" is no domain`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := AddBlock(tt.text, tt.block)
			if err == nil {
				t.Fatalf("it is taken:\n%s", got)
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%q is not in: %v", tt.want, err)
			}
		})
	}
}

func TestRemoveBlock(t *testing.T) {
	owner := Owner{"federation-system", "fellowship"}
	tests := []struct {
		name, text, want string
	}{
		{"nothing of ours leaves all as it is", kubeadm, kubeadm},
		{"text behind it moves up", fellowshipBlock + "\r\n" + kubeadm, kubeadm},
		{"a block that was changed by hand goes too", strings.ReplaceAll(fellowshipBlock, "errors", "log"), ""},
		{"text that was put behind a last line without an end is not glued to what was before", ".:53 {\n}\n" + fellowshipBlock + "\nx {\n}", ".:53 {\n}\nx {\n}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := RemoveBlock(tt.text, owner); err != nil || got != tt.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	if _, err := RemoveBlock("# BEGIN fedhelm federation-system/fellowship\n", owner); !errors.Is(err, ErrDamaged) {
		t.Errorf("a damaged block is taken out: %v", err)
	}
}

func TestRestoreBlockPutsBackWhatWasThere(t *testing.T) {
	mine := strings.ReplaceAll(fellowshipBlock, "errors", "log")
	before := kubeadm + mine + "\n# more\n"
	found, err := FindBlock(before, Owner{"federation-system", "fellowship"})
	if err != nil || found != mine {
		t.Fatalf("found %q, %v", found, err)
	}
	changed := add(t, before, block("fellowship", "10.0.0.53"))
	got, err := RestoreBlock("# new\n"+changed, Owner{"federation-system", "fellowship"}, found)
	if err != nil || got != "# new\n"+before {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzBlock(f *testing.F) {
	for _, seed := range []string{
		"", "\n", kubeadm, strings.TrimSuffix(kubeadm, "\n"), kubeadm + "# mine", "\ufeff. {\r\n}\r", "a,\nb {\n}", "(s) {\n x {\n}\n import s",
		"import a/*.server\n", "x#y z\n{\n}", `"a b" "` + "\n" + `" {` + "\n}", kubeadm + fellowshipBlock,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = ReadCorefile(text) // does not panic
		read, parseErr := parse(text)
		open := slices.ContainsFunc(read.blocks, func(b serverBlock) bool { return !b.braces }) // takes the whole file for itself
		one, two := block("one", "10.0.0.1"), block("two", "fd00::2")
		if Marked(text, one.Owner) || Marked(text, two.Owner) {
			return // joined already: nothing is claimed of it
		}
		joined, err := AddBlock(text, one)
		if err != nil {
			if parseErr == nil && !open && !errors.Is(err, ErrServed) {
				t.Errorf("%q can be read, but not be joined: %v", text, err)
			}
			return
		}
		if parseErr != nil || open {
			t.Errorf("%q was joined, though it cannot be read (%v) or has room for one block only", text, parseErr)
		}
		if !strings.HasPrefix(joined, text) {
			t.Errorf("%q is not the beginning of %q", text, joined)
		}
		left := func(text string, owner Owner) string {
			got, err := RemoveBlock(text, owner)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := left(joined, one.Owner); got != text {
			t.Errorf("%q left again is %q", text, got)
		}
		both, err := AddBlock(joined, two)
		if err != nil {
			if !errors.Is(err, ErrServed) {
				t.Errorf("%q cannot be joined by another: %v", joined, err)
			}
			return
		}
		if got := left(left(both, one.Owner), two.Owner); got != text {
			t.Errorf("%q left by one, then two, is %q", text, got)
		}
		if got := left(left(both, two.Owner), one.Owner); got != text {
			t.Errorf("%q left by two, then one, is %q", text, got)
		}
		if got, err := AddBlock(both, one); err != nil || got != both {
			t.Errorf("%q joined again is %q, %v", both, got, err)
		}
	})
}
