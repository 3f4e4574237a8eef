package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/fedhelm/fedhelm/ci/testbed/internal/bed"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/build"
	"github.com/fedhelm/fedhelm/ci/testbed/internal/plan"
)

var (
	stateFlag = &cli.StringFlag{
		Name: "state", EnvVars: []string{"FEDHELM_TESTBED"},
		Usage: "directory of everything that the clusters keep (default: ~/.cache/fedhelm/state)",
	}
	prefixFlag = &cli.StringFlag{
		Name: "name-prefix", Value: plan.DefaultPrefix, Usage: "begins the names of network namespaces, cgroups and the machine's interface",
	}
	networkFlag = &cli.StringFlag{Name: "network", Value: plan.DefaultNetwork, Usage: "the /16 that all addresses come from"}
)

// testBed finds the directories that every command needs.
func testBed(c *cli.Context) (bed.Bed, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return bed.Bed{}, err
	}
	state := c.String(stateFlag.Name)
	if state == "" {
		state = filepath.Join(cache, "fedhelm", "state")
	}
	if state, err = filepath.Abs(state); err != nil {
		return bed.Bed{}, err
	}
	module, err := moduleDir()
	if err != nil {
		return bed.Bed{}, err
	}
	return bed.Bed{
		State:      bed.State(state),
		Builder:    build.Builder{Module: module, Cache: filepath.Join(cache, "fedhelm", "testbed"), Progress: c.App.ErrWriter},
		Repository: filepath.Join(module, "..", ".."),
		Progress:   c.App.ErrWriter,
		Output:     c.App.Writer,
	}, nil
}

// moduleDir finds the sources of the test bed from the working directory, which is below its module or the repository.
func moduleDir() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		for _, candidate := range []string{dir, filepath.Join(dir, "ci", "testbed")} {
			mod, err := os.ReadFile(filepath.Join(candidate, "go.mod"))
			if err == nil && strings.HasPrefix(string(mod), "module github.com/fedhelm/fedhelm/ci/testbed\n") {
				return candidate, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not in a working tree of fedhelm; go there first", wd)
		}
	}
}

func buildCommand() *cli.Command {
	return &cli.Command{
		Name:  "build",
		Usage: "compile etcd, Kubernetes and CoreDNS, unless they are in the cache",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "only", Usage: "programs to compile, by name"},
			&cli.StringFlag{Name: "kubernetes", Usage: "an older minor version, for example 1.35: its API server, controller manager and scheduler"},
			&cli.BoolFlag{Name: "print-dir", Usage: "print the directory of the programs"},
		},
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			builder := b.Builder
			if minor := c.String("kubernetes"); minor != "" {
				if builder, err = builder.Of(minor); err != nil {
					return err
				}
			}
			dir, err := builder.Ensure(c.Context, c.StringSlice("only")...)
			if err == nil && c.Bool("print-dir") {
				fmt.Fprintln(c.App.Writer, dir)
			}
			return err
		},
	}
}

func upCommand() *cli.Command {
	return &cli.Command{
		Name:  "up",
		Usage: "bring the clusters up, or mend what is broken of them",
		Flags: []cli.Flag{
			stateFlag, prefixFlag, networkFlag,
			&cli.IntFlag{Name: "members", Value: 2, Usage: "number of member clusters"},
			&cli.StringSliceFlag{Name: "member-kinds", Usage: "real or simulated, for each member (default: the first real, the others simulated)"},
			&cli.StringSliceFlag{Name: "member-versions", Usage: "older minor versions of Kubernetes for members with simulated nodes: mordor=1.35,erebor=1.34"},
			&cli.DurationFlag{Name: "timeout", Value: 5 * time.Minute, Usage: "for the clusters, once all programs are built"},
			&cli.BoolFlag{Name: "no-load", Usage: "leave our own image out"},
		},
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			versions, err := memberVersions(c.StringSlice("member-versions"))
			if err != nil {
				return err
			}
			return b.Up(c.Context, bed.UpOptions{
				Plan: plan.Options{
					Prefix: c.String(prefixFlag.Name), Network: c.String(networkFlag.Name),
					Members: c.Int("members"), Kinds: c.StringSlice("member-kinds"), Versions: versions,
				},
				Timeout: c.Duration("timeout"),
				NoLoad:  c.Bool("no-load"),
			})
		},
	}
}

// memberVersions reads what is given as MEMBER=VERSION.
func memberVersions(given []string) (map[string]string, error) {
	versions := map[string]string{}
	var errs []error
	for _, g := range given {
		member, version, ok := strings.Cut(g, "=")
		if !ok || member == "" || version == "" {
			errs = append(errs, fmt.Errorf("member version %q: want MEMBER=VERSION, for example mordor=1.35", g))
			continue
		}
		versions[member] = version
	}
	return versions, errors.Join(errs...)
}

func downCommand() *cli.Command {
	return &cli.Command{
		Name:  "down",
		Usage: "remove the clusters and everything of them",
		Flags: []cli.Flag{stateFlag, prefixFlag},
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			return b.Down(c.Context, c.String(prefixFlag.Name))
		},
	}
}

func loadCommand() *cli.Command {
	return &cli.Command{
		Name:  "load",
		Usage: "build our image and import it into the clusters that are up",
		Flags: []cli.Flag{stateFlag},
		Action: func(c *cli.Context) error {
			b, err := testBed(c)
			if err != nil {
				return err
			}
			return b.Load(c.Context)
		},
	}
}
