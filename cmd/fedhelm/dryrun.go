package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// render gives what the options come to. Values that the chart does not take are the user's error.
func (p *program) render(options chart.Options) (release.Rendered, error) {
	vals, err := options.Values()
	if err != nil {
		return release.Rendered{}, &usageError{err}
	}
	chrt, err := chart.Load(p.chart)
	if err != nil {
		return release.Rendered{}, err
	}
	rendered, err := release.Render(options.Name, options.Namespace, chrt, vals)
	if values := (*release.ChartError)(nil); errors.As(err, &values) {
		return release.Rendered{}, &usageError{err}
	}
	return rendered, err
}

// dryRun prints what would be installed. It needs no host cluster.
func (p *program) dryRun(c *cli.Context, options chart.Options) error {
	rendered, err := p.render(options)
	if err != nil {
		return err
	}
	if options.DNS.Config != nil {
		manifest, err := withheldSecret(options)
		if err != nil {
			return err
		}
		fmt.Fprint(p.stdout, manifest)
		p.reporter(c).Warnf("the data of Secret %q is not printed", chart.DNSConfigSecret(options.Name))
	}
	_, err = fmt.Fprint(p.stdout, rendered)
	return err
}

// withheldSecret is the manifest of the DNS provider's Secret, without its data: a dry run is read by many eyes.
func withheldSecret(o chart.Options) (string, error) {
	secret := corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: chart.DNSConfigSecret(o.Name), Namespace: o.Namespace},
		Type:       corev1.SecretTypeOpaque,
	}
	data, err := yaml.Marshal(secret)
	if err != nil {
		return "", fmt.Errorf("print Secret %q: %w", secret.Name, err)
	}
	return fmt.Sprintf("---\n# Made by fedhelm init; its data (key %s) is withheld here.\n%s", chart.DNSConfigKey, data), nil
}
