package publish

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
)

// writeKubeconfig writes R-kubeconfig and returns the server it leads to.
func (o Options) writeKubeconfig(ctx context.Context, at endpoint) (string, error) {
	store := secrets.Store{Client: o.Secrets, Federation: o.Federation, Namespace: o.Namespace}
	if o.OwnCertificates {
		current, err := store.Get(ctx, secrets.Kubeconfig)
		if err != nil {
			return "", err
		}
		if current != nil && !secrets.IsOwned(current, o.Federation) {
			return at.url(""), nil
		}
	}
	entry, err := o.administrator(ctx, store)
	if err != nil {
		return "", err
	}
	_, _, err = store.Ensure(ctx, secrets.Kubeconfig, func(s *corev1.Secret) error {
		entry.Server = at.url(serverHost(s.Data[secrets.KeyKubeconfig], o.Federation))
		encoded, err := kubeconfig.Encode(kubeconfig.New(entry))
		if err != nil {
			return err
		}
		s.Data[secrets.KeyKubeconfig] = encoded
		return nil
	})
	return entry.Server, err
}

// administrator is the entry, save for the server.
func (o Options) administrator(ctx context.Context, store secrets.Store) (kubeconfig.Entry, error) {
	entry := kubeconfig.Entry{Name: o.Federation, TLSServerName: o.Federation + "-apiserver." + o.Namespace + ".svc"}
	admin, err := o.need(ctx, store, secrets.Name(o.Federation, secrets.Admin))
	if err != nil {
		return entry, err
	}
	entry.CA = admin.Data[secrets.KeyCA]
	entry.ClientCert, entry.ClientKey = admin.Data[secrets.KeyClientCert], admin.Data[secrets.KeyClientKey]
	if o.TokenAuth {
		s, err := o.need(ctx, store, o.TokenSecret)
		if err != nil {
			return entry, err
		}
		if entry.Token, err = firstToken(s); err != nil {
			return entry, err
		}
	}
	if o.BasicAuth {
		s, err := o.need(ctx, store, o.BasicSecret)
		if err != nil {
			return entry, err
		}
		// Users who wrote only the hashes themselves keep their password for themselves.
		if user, password := s.Data[secrets.KeyUsername], s.Data[secrets.KeyPassword]; len(user) > 0 && len(password) > 0 {
			entry.BasicAuth = &kubeconfig.Basic{Username: string(user), Password: string(password)}
		}
	}
	return entry, nil
}

func (o Options) need(ctx context.Context, store secrets.Store, name string) (*corev1.Secret, error) {
	s, err := store.GetNamed(ctx, name)
	if err == nil && s == nil {
		err = fmt.Errorf("secret %s/%s does not exist; unless it is your own, the pki hook makes it: helm upgrade %s",
			o.Namespace, name, o.Federation)
	}
	return s, err
}

// firstToken returns the token of the first line. No error shows it.
func firstToken(s *corev1.Secret) (string, error) {
	r := csv.NewReader(strings.NewReader(string(s.Data[secrets.KeyTokens])))
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	if err == nil && fields[0] == "" {
		err = errors.New("the first line has no token")
	}
	if err != nil {
		return "", fmt.Errorf("secret %s/%s, key %q: %w", s.Namespace, s.Name, secrets.KeyTokens, err)
	}
	return fields[0], nil
}

// serverHost is that of the server in a kubeconfig, "" if there is none.
func serverHost(config []byte, federation string) string {
	parsed, err := kubeconfig.Decode(config)
	if err != nil || parsed.Clusters[federation] == nil {
		return ""
	}
	server, err := url.Parse(parsed.Clusters[federation].Server)
	if err != nil {
		return ""
	}
	return server.Hostname()
}
