package preflight

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// DNSConfigKey is the key of a DNS provider's Secret that holds its configuration.
const DNSConfigKey = "federation-dns-provider.conf"

func (o InitOptions) pullSecrets(ctx context.Context) error {
	var errs []error
	for _, name := range o.PullSecrets {
		secret, err := o.secret(ctx, name)
		switch {
		case err != nil:
			errs = append(errs, err)
		case secret == nil:
			errs = append(errs, &Problem{
				Reason: fmt.Sprintf("there is no Secret %q in namespace %q", name, o.Namespace),
				WayOut: fmt.Sprintf("make it: kubectl --context=%s --namespace=%s create secret docker-registry %s …", o.Context, o.Namespace, name),
			})
		case secret.Type != corev1.SecretTypeDockerConfigJson && secret.Type != corev1.SecretTypeDockercfg:
			errs = append(errs, &Problem{
				Reason: fmt.Sprintf("Secret %q is of type %q, which is of no use to pull images", name, secret.Type),
				WayOut: "make it with: kubectl create secret docker-registry",
			})
		}
	}
	return merge(errs)
}

func (o InitOptions) dnsSecret(ctx context.Context) error {
	if o.DNSConfigSecret == "" {
		return nil
	}
	secret, err := o.secret(ctx, o.DNSConfigSecret)
	if err != nil {
		return err
	}
	const orGive = "; or give the file with --dns-provider-config"
	if secret == nil {
		return &Problem{Reason: fmt.Sprintf("there is no Secret %q in namespace %q", o.DNSConfigSecret, o.Namespace), WayOut: o.making(o.DNSConfigSecret, DNSConfigKey) + orGive}
	}
	if len(secret.Data[DNSConfigKey]) == 0 {
		return &Problem{Reason: fmt.Sprintf("Secret %q has no key %q", o.DNSConfigSecret, DNSConfigKey), WayOut: o.adding(o.DNSConfigSecret, DNSConfigKey) + orGive}
	}
	var errs []error
	for _, err := range dnsconfig.Check(o.DNSProvider, secret.Data[DNSConfigKey], o.DNSZone, slices.Collect(maps.Keys(secret.Data))) {
		errs = append(errs, &Problem{Reason: fmt.Sprintf("Secret %q, key %q: %v", o.DNSConfigSecret, DNSConfigKey, err)})
	}
	return merge(errs)
}

func (o InitOptions) givenSecrets(ctx context.Context) error {
	var errs []error
	for _, given := range o.GivenSecrets {
		secret, err := o.secret(ctx, given.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		orChange := "; or change " + given.Value
		if secret == nil {
			errs = append(errs, &Problem{Reason: fmt.Sprintf("there is no Secret %q in namespace %q", given.Name, o.Namespace), WayOut: o.making(given.Name, given.Keys...) + orChange})
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(given.Keys), func(key string) bool { return len(secret.Data[key]) > 0 })
		if len(missing) > 0 && !given.Optional {
			errs = append(errs, &Problem{Reason: fmt.Sprintf("Secret %q has no key %s", given.Name, strings.Join(missing, ", ")), WayOut: o.adding(given.Name, missing...) + orChange})
		}
	}
	return merge(errs)
}

// making is how a Secret comes to be.
func (o InitOptions) making(name string, keys ...string) string {
	return "make it: " + o.create(name, keys)
}

// adding is how a Secret that is there comes to have further keys; it keeps the others.
func (o InitOptions) adding(name string, keys ...string) string {
	return fmt.Sprintf("add to it: %s --dry-run=client -o yaml | kubectl --context=%s apply --server-side -f -", o.create(name, keys), o.Context)
}

func (o InitOptions) create(name string, keys []string) string {
	var files strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&files, " --from-file=%s=FILE", key)
	}
	return fmt.Sprintf("kubectl --context=%s --namespace=%s create secret generic %s%s", o.Context, o.Namespace, name, files.String())
}

// secret returns nil when there is no Secret of that name.
func (o InitOptions) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	s, err := o.Client.CoreV1().Secrets(o.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up Secret %q: %w", name, err)
	}
	return s, nil
}

// merge makes one problem of what a check found wrong in several objects; it is a warning when all of them are. nil stands for
// an object with which all is well.
func merge(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	serious := slices.ContainsFunc(errs, func(err error) bool {
		var p *Problem
		return !errors.As(err, &p) || !p.Warning
	})
	return &Problem{Reason: errors.Join(errs...).Error(), Warning: !serious}
}
