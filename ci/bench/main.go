// Command bench measures fedhelm on the clusters of the test bed, and beside it, in the same minutes, a floor: the least that the same
// machine needs for the same end.
//
//	bench init   `fedhelm init` to a usable context, step by step; floor: a bare etcd and kube-apiserver from nothing to ready
//	bench join   a Cluster's registration to its first Ready, and `fedhelm join` step by step; floor: one question to the member
//	             over a new connection, and one write to the federation
//	bench propagation [cold|restart|idle|latency|growth]
//	             how objects come into members; floor: a client-go program that applies the same objects straight to the same members.
//	             docs/performance.md says what each part is
//	bench dns [create|flip|drain|restart|rebuild|lose]
//	             how Services get names, and how names follow members; floor: a program that writes the same records straight to etcd
//
// `make bench` sets up what it needs: the test bed's clusters, fedhelm, kubectl.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var i initBench
	var j joinBench
	var p propagationBench
	var d dnsBench
	benchmarks := map[string]struct {
		*bench
		flags  func(*flag.FlagSet)
		run    func(context.Context) error
		choose func(part string) error // nil for one that has no parts
	}{
		"init": {&i.bench, i.flags, i.run, nil},
		"join": {&j.bench, j.flags, j.run, nil},

		"propagation": {&p.bench, p.flags, p.run, p.choose},

		"dns": {&d.bench, d.flags, d.run, d.choose},
	}
	if len(args) == 0 || benchmarks[args[0]].run == nil {
		return errors.New("which benchmark? bench init, bench join, bench propagation or bench dns")
	}
	name, args := args[0], args[1:]
	chosen := benchmarks[name]
	if chosen.choose != nil {
		part := ""
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			part, args = args[0], args[1:]
		}
		if err := chosen.choose(part); err != nil {
			return err
		}
	}
	b, undo, err := newBench()
	if err != nil {
		return err
	}
	defer undo()
	*chosen.bench = b
	flags := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	flags.StringVar(&chosen.host, "host-cluster-context", "rivendell", "kubeconfig context of the host cluster")
	chosen.flags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	return chosen.run(ctx)
}
