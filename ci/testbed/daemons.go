package main

import (
	"net/netip"

	"github.com/urfave/cli/v2"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/addons"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/node"
)

// The commands of this file are what the test bed's own processes run; nobody types them.

func addonsCommand() *cli.Command {
	return &cli.Command{
		Name: "addons", Hidden: true,
		Usage: "give a cluster's Services addresses and its claims volumes",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "kubeconfig", Required: true},
			&cli.StringFlag{Name: "pool", Required: true},
			&cli.StringFlag{Name: "volumes", Required: true},
		},
		Action: func(c *cli.Context) error {
			pool, err := netip.ParsePrefix(c.String("pool"))
			if err != nil {
				return err
			}
			cfg, err := clientcmd.BuildConfigFromFlags("", c.String("kubeconfig"))
			if err != nil {
				return err
			}
			client, err := kubernetes.NewForConfig(cfg)
			if err != nil {
				return err
			}
			return addons.Run(c.Context, addons.Options{Client: client, Pool: pool, Volumes: c.String("volumes")})
		},
	}
}

func holdMountsCommand() *cli.Command {
	return &cli.Command{
		Name: "hold-mounts", Hidden: true,
		Usage: "own the mount namespace of a node",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "ready", Required: true},
			&cli.StringSliceFlag{Name: "keep"},
		},
		Action: func(c *cli.Context) error {
			return node.HoldMounts(c.String("ready"), c.StringSlice("keep"))
		},
	}
}
