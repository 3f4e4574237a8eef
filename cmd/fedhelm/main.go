// Command fedhelm sets up federations of Kubernetes clusters, and takes them down.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
	"k8s.io/klog/v2"

	"github.com/fedhelm/fedhelm"
	"github.com/fedhelm/fedhelm/pkg/describe"
	"github.com/fedhelm/fedhelm/pkg/dnsview"
)

func main() {
	// Libraries below say what went wrong through their errors; what they also log would tear up the progress lines.
	log.SetOutput(io.Discard)
	klog.SetLogger(klog.Logger{})

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := program{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv:      os.Getenv,
		interactive: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
		chart:       fedhelm.Chart(),
		connect:     connect, connectMember: connectMember, open: open, openAPI: openAPI, objects: describe.Connect,
		dns: dnsview.Connect, ask: askPods,
	}
	p.width, _, _ = term.GetSize(int(os.Stderr.Fd()))
	p.terminal = term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	context.AfterFunc(ctx, stop) // a second interrupt kills
	err := p.run(ctx, os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, message(ctx, err))
	}
	os.Exit(exitCode(err))
}
