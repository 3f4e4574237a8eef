package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/chart"
)

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
