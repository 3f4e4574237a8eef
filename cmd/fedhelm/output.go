package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/printable"
)

// outputFormat is what -o says: "", json or yaml.
func outputFormat(c *cli.Context) (string, error) {
	switch format := c.String("output"); format {
	case "", "json", "yaml":
		return format, nil
	default:
		return "", fmt.Errorf("--output: %q is neither json nor yaml", format)
	}
}

// manifestsFormat refuses a format that the manifests of a dry run do not have.
func manifestsFormat(c *cli.Context) error {
	if c.Bool("dry-run") && c.String("output") == "json" {
		return errors.New("--output: the manifests of a dry run are printed in YAML: leave json out")
	}
	return nil
}

// namedOutputFlag is outputFlag for what is one object of the federation API.
func namedOutputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: categoryOutput, Usage: "`FORMAT` of the result: json, yaml, or name, instead of text"}
}

// namedOutputFormat is what -o says: "", json, yaml or name. The last is for a text to honour.
func namedOutputFormat(c *cli.Context) (string, error) {
	switch format := c.String("output"); format {
	case "", "json", "yaml", "name":
		return format, nil
	default:
		return "", fmt.Errorf("--output: %q is none of json, yaml, name", format)
	}
}

// print writes a result to stdout, as text unless another format was asked for.
func (p *program) print(format string, result any, text func(io.Writer)) error {
	var data []byte
	var err error
	switch format {
	case "json":
		data, err = json.MarshalIndent(result, "", "  ")
		data = append(data, '\n')
	case "yaml":
		data, err = yaml.Marshal(result)
	default:
		var b bytes.Buffer
		text(&b)
		data = []byte(printable.Lines(b.String()))
	}
	if err != nil {
		return fmt.Errorf("write the result as %s: %w", format, err)
	}
	_, err = p.stdout.Write(data)
	return err
}
