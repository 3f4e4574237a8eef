// Command bench measures fedhelm on the clusters of the test bed, and beside it, in the same minutes, a floor: the least that the same
// machine needs for the same end.
//
//	bench init   `fedhelm init` to a usable context, step by step; floor: a bare etcd and kube-apiserver from nothing to ready
//	bench join   a Cluster's registration to its first Ready, and `fedhelm join` step by step; floor: one question to the member
//	             over a new connection, and one write to the federation
//	bench propagation [cold|restart|idle|latency|growth]
//	             how objects come into members; floor: a client-go program that applies the same objects straight to the same members.
//	             docs/performance.md says what each part is
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
	benchmarks := map[string]struct {
		*bench
		flags func(*flag.FlagSet)
		run   func(context.Context) error
	}{
		"init": {&i.bench, i.flags, i.run},
		"join": {&j.bench, j.flags, j.run},

		"propagation": {&p.bench, p.flags, p.run},
	}
	if len(args) == 0 || benchmarks[args[0]].run == nil {
		return errors.New("which benchmark? bench init, bench join or bench propagation")
	}
	name, args := args[0], args[1:]
	chosen := benchmarks[name]
	if name == "propagation" {
		part := ""
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			part, args = args[0], args[1:]
		}
		if err := p.choose(part); err != nil {
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
