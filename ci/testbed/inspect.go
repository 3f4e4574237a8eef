package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/floor"
)

func statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "say what runs, and the memory of each component",
		Flags: []cli.Flag{stateFlag},
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			return b.Status()
		},
	}
}

func imagesCommand() *cli.Command {
	return &cli.Command{
		Name:  "images",
		Usage: "pack all images as OCI archives and print where they are",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "product", Usage: "only ours, which needs nothing but Go"}},
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			if !c.Bool("product") {
				return b.Images(c.Context)
			}
			archive, err := b.PackProduct(c.Context)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.App.Writer, archive.Path)
			return nil
		},
	}
}

func procCommand() *cli.Command {
	act := func(do func(*cli.Context, string, string) error) cli.ActionFunc {
		return func(c *cli.Context) error {
			if c.NArg() != 2 {
				return fmt.Errorf("want 2 arguments, CLUSTER and COMPONENT, not %d", c.NArg())
			}
			return do(c, c.Args().Get(0), c.Args().Get(1))
		}
	}
	return &cli.Command{
		Name:  "proc",
		Usage: "kill or start one component of a cluster, for tests of what happens then",
		Subcommands: []*cli.Command{
			{
				Name: "stop", Usage: "kill a component, as a crash would", ArgsUsage: "CLUSTER COMPONENT", Flags: []cli.Flag{stateFlag},
				Action: act(func(c *cli.Context, cluster, component string) error {
					b, err := testBed(c)
					if err != nil {
						return err
					}
					return b.Stop(c.Context, cluster, component)
				}),
			},
			{
				Name: "start", Usage: "start a component that was stopped", ArgsUsage: "CLUSTER COMPONENT", Flags: []cli.Flag{stateFlag},
				Action: act(func(c *cli.Context, cluster, component string) error {
					b, err := testBed(c)
					if err != nil {
						return err
					}
					return b.Start(c.Context, cluster, component)
				}),
			},
		},
	}
}

func floorCommand() *cli.Command {
	return &cli.Command{
		Name:  "floor",
		Usage: "print the seconds from nothing to the readiness of a bare etcd and API server",
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			programs, err := b.Builder.Ensure(c.Context, floor.Programs...)
			if err != nil {
				return err
			}
			took, err := floor.Measure(c.Context, programs)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.App.Writer, "%.3f\n", took.Seconds())
			return nil
		},
	}
}
