package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestJoinBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	kubeconfig, noCA := write("config", twoContexts), write("empty.crt", "no certificate")
	tests := []struct {
		name  string
		args  []string // the argument
		flags []string
		want  []string // in the error's lines, one each, in order
	}{
		{name: "no name", want: []string{"NAME is missing"}},
		{name: "two names", args: []string{"moria", "rivendell"}, want: []string{"exactly one NAME"}},
		{name: "a name with a dot", args: []string{"moria.east"}, flags: []string{"--cluster-context=moria"}, want: []string{`NAME "moria.east"`}},
		{name: "a name with a capital", args: []string{"Moria"}, flags: []string{"--cluster-context=moria"}, want: []string{"--cluster-context"}},
		{name: "a name that begins with a digit", args: []string{"1moria"}, flags: []string{"--cluster-context=moria"}, want: []string{`NAME "1moria"`}},
		{name: "a name of 64 characters", args: []string{strings.Repeat("a", 64)}, flags: []string{"--cluster-context=moria"}, want: []string{"63 are the most"}},
		{name: "a context that is not there", args: []string{"gondor"}, want: []string{`--cluster-context: the kubeconfig has no context "gondor"; it has: moria, rivendell`}},
		{name: "a kubeconfig that is not there", args: []string{"moria"}, flags: []string{"--cluster-kubeconfig=" + dir + "/none"}, want: []string{"--cluster-kubeconfig: stat"}},
		{name: "an unknown host context", args: []string{"moria"}, flags: []string{"--host-cluster-context=x"}, want: []string{`--host-cluster-context: the kubeconfig has no context "x"`}},
		{name: "an endpoint that is none", args: []string{"moria"}, flags: []string{"--cluster-endpoint=https://"}, want: []string{"--cluster-endpoint:"}},
		{name: "an endpoint with a password", args: []string{"moria"}, flags: []string{"--cluster-endpoint=https://a:b@c"}, want: []string{"--cluster-endpoint:"}},
		{name: "an authority that is not there", args: []string{"moria"}, flags: []string{"--cluster-ca=" + dir + "/none"}, want: []string{"--cluster-ca: open"}},
		{name: "an authority that is none", args: []string{"moria"}, flags: []string{"--cluster-ca=" + noCA}, want: []string{"holds no certificate"}},
		{name: "a Secret's name that is none", args: []string{"moria"}, flags: []string{"--secret-name=A_B"}, want: []string{`--secret-name: "A_B"`}},
		{name: "an endpoint that leads every pod to itself", args: []string{"moria"}, flags: []string{"--cluster-endpoint=https://127.0.0.1:6443"}, want: []string{"--cluster-endpoint: the server https://127.0.0.1:6443 leads every pod to itself"}},
		{name: "an endpoint in the open", args: []string{"moria"}, flags: []string{"--cluster-endpoint=http://10.0.0.1"}, want: []string{"--cluster-endpoint: the server http://10.0.0.1 is not reached by https"}},
		{name: "a label that is none", args: []string{"moria"}, flags: []string{"--labels=a b=c"}, want: []string{`--labels: "a b=c" is not KEY=VALUE`}},
		{name: "labels without values", args: []string{"moria"}, flags: []string{"--labels=a=b,c"}, want: []string{"--labels:"}},
		{name: "a DNS that nobody knows", args: []string{"moria"}, flags: []string{"--cluster-dns=bind"}, want: []string{"--cluster-dns:"}},
		{name: "no time", args: []string{"moria"}, flags: []string{"--timeout=0s"}, want: []string{"--timeout:"}},
		{name: "an output that is none", args: []string{"moria"}, flags: []string{"-o=wide"}, want: []string{"--output:"}},
		{name: "an unknown flag", args: []string{"moria"}, flags: []string{"--cluster-contxt=moria"}, want: []string{"did you mean --cluster-context"}},
		{
			name: "one of everything", args: []string{"Moria"},
			flags: []string{
				"--nosuch", "--timeout=soon", "--cluster-endpoint=https://", "--cluster-ca=" + noCA, "--labels=c", "--secret-name=_", "--cluster-dns=bind", "-o=wide",
				"--host-cluster-context=rivendell",
			},
			want: []string{"--nosuch", "--timeout", "NAME", "--cluster-endpoint", "--cluster-ca", "--labels", "--secret-name", "--cluster-dns", "--output", "--cluster-context"},
		},
	}
	for _, tt := range tests {
		flags := append([]string{"--host-cluster-context=rivendell", "--kubeconfig=" + kubeconfig}, tt.flags...)
		for order, line := range map[string][]string{
			"flags before NAME": slices.Concat([]string{"join"}, flags, tt.args),
			"flags after NAME":  slices.Concat([]string{"join"}, tt.args, flags),
		} {
			t.Run(tt.name+", "+order, func(t *testing.T) {
				c := newConsole(nil, nil)
				c.connect, c.connectMember = connect, connectMember
				err := c.fedhelm(line...)
				wantUsage(t, err, tt.want)
			})
		}
	}
}

func TestJoinOptions(t *testing.T) {
	dir := t.TempDir()
	kubeconfig, other := filepath.Join(dir, "config"), filepath.Join(dir, "other")
	for path, text := range map[string]string{kubeconfig: twoContexts, other: strings.ReplaceAll(twoContexts, "192.0.2.1", "192.0.2.9")} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ca := certs.CA(t, "moria-ca")
	ca.Write(t, dir, "ca")
	c := newConsole(nil, nil)
	c.connect, c.connectMember = connect, connectMember
	var got joining
	app := c.app()
	for _, command := range app.Commands {
		if command.Name == "join" {
			command.Action = func(cc *cli.Context) (err error) {
				got, err = c.joinOptions(cc)
				return err
			}
		}
	}
	err := app.RunContext(t.Context(), []string{
		"fedhelm", "join", "--kubeconfig=" + kubeconfig, "--host-cluster-context=rivendell", "--cluster-kubeconfig=" + other, "--cluster-context=rivendell",
		"--cluster-endpoint=moria:6443", "--cluster-ca=" + filepath.Join(dir, "ca.crt"), "--labels=tier=gold", "--labels=env=prod", "--cluster-admin=false", "moria",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.host.Server != "https://192.0.2.1" || got.member.Server != "https://192.0.2.9" {
		t.Errorf("host and member are %s and %s: contexts of one name in two files are two clusters", got.host.Server, got.member.Server)
	}
	if got.Endpoint != "https://moria:6443" || string(got.CA) != string(ca.CertPEM()) || len(got.Labels) != 2 || got.ClusterAdmin == nil || *got.ClusterAdmin {
		t.Errorf("the options are %+v", got.JoinOptions)
	}
}
