package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"

	"github.com/fedhelm/fedhelm"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// console is a program with a fake outside world.
type console struct {
	program
	out, err  bytes.Buffer
	connected []hostOptions // how often, and with what, a host cluster was asked for
	asked     []string      // the namespaces that Helm was asked about
	host      host
}

// errNoHost is what a console without a host cluster says.
var errNoHost = errors.New("no host cluster here")

func newConsole(client *fake.Clientset, helm releases) *console {
	c := &console{}
	c.program = program{
		stdin: strings.NewReader(""), stdout: &c.out, stderr: &c.err,
		chart: fedhelm.Chart(),
		connect: func(o hostOptions) (*host, error) {
			c.connected = append(c.connected, o)
			if client == nil {
				return nil, errNoHost
			}
			return &c.host, nil
		},
	}
	c.host = host{
		Host:  setup.Host{Client: client, Context: "rivendell"},
		files: []string{"/nonexistent/config"},
		releases: func(namespace string, _ release.Options) (releases, error) {
			c.asked = append(c.asked, namespace)
			return helm, nil
		},
	}
	return c
}

// answering is a host cluster that lets everybody do everything.
func answering() *fake.Clientset {
	client := fake.NewClientset()
	client.PrependReactor("create", "selfsubjectreviews", func(a k8stesting.Action) (bool, runtime.Object, error) {
		return true, a.(k8stesting.CreateAction).GetObject(), nil
	})
	client.PrependReactor("create", "selfsubjectaccessreviews", func(a k8stesting.Action) (bool, runtime.Object, error) {
		review := a.(k8stesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		review.Status.Allowed = true
		return true, review, nil
	})
	client.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: "v1.36.3"}
	return client
}

// fedhelm runs a command line.
func (c *console) fedhelm(args ...string) error {
	return c.run(context.Background(), append([]string{"fedhelm"}, args...))
}

// noHelm knows no release.
type noHelm struct{}

func (noHelm) Get(context.Context, string) (release.Info, error) {
	return release.Info{}, release.ErrNotFound
}
func (noHelm) Apply(context.Context, release.Request) (release.Outcome, error) {
	return "", errors.New("Helm was asked to apply")
}
func (noHelm) Uninstall(context.Context, string, release.UninstallOptions) error { return nil }
func (noHelm) Values(context.Context, string) (map[string]any, error) {
	return nil, release.ErrNotFound
}
func (noHelm) Kept(context.Context, string, string, func() bool) (release.Kept, error) {
	return release.Kept{}, release.ErrNotFound
}
func (noHelm) CameUp(context.Context, string) error { return nil }

func TestExitCode(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want int
	}{
		{name: "all went well", want: 0},
		{name: "any failure", err: errors.New("x"), want: 1},
		{name: "a bad command line", err: &usageError{errors.New("x")}, want: 2},
		{name: "refused", err: errors.Join(errors.New("x"), setup.ErrRefused), want: 3},
		{name: "timed out", err: errors.Join(errors.New("x"), setup.ErrTimedOut), want: 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(tt.err); got != tt.want {
				t.Errorf("exitCode = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	if got, want := message(ctx, errors.Join(errors.New("one"), errors.New("two"))), "error: one\nerror: two"; got != want {
		t.Errorf("several errors are %q, want %q", got, want)
	}
	cancel()
	if got := message(ctx, errors.New("the member says \x1b[2Jok")); strings.Contains(got, "\x1b") {
		t.Errorf("message = %q, which a terminal obeys", got)
	}
	if got := message(ctx, context.Canceled); !strings.Contains(got, "interrupted; run the same command again") {
		t.Errorf("an interrupt is %q", got)
	}
}
