package main

import (
	"embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

//go:embed completion
var completionScripts embed.FS

// shells are those that there is a script for.
var shells = []string{"bash", "zsh", "fish"}

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that lets a shell complete fedhelm's command lines",
		ArgsUsage: strings.Join(shells, "|"),
		UsageText: "fedhelm completion bash|zsh|fish",
		Description: "bash: source <(fedhelm completion bash)\nzsh:  source <(fedhelm completion zsh)\n" +
			"fish: fedhelm completion fish | source",
		Action: func(c *cli.Context) error {
			if err := usageErrors(c); err != nil {
				return err
			}
			script, err := completionScripts.ReadFile("completion/" + c.Args().First())
			if c.NArg() != 1 || err != nil {
				return &usageError{fmt.Errorf("exactly one shell is required: %s", strings.Join(shells, ", "))}
			}
			_, err = p.stdout.Write(script)
			return err
		},
	}
}
