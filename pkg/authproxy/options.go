package authproxy

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
)

// Options say where the API server is, and where certificates and users are. All
// files are read again when they change.
type Options struct {
	// Target is the API server's URL: https, and no path. Its certificate must name localhost.
	Target string
	// CertDir has ca.crt (of the API server), server.crt and server.key (of the
	// proxy), front-proxy-client.crt and front-proxy-client.key.
	CertDir string
	// ClientCAFile has the CAs of client certificates.
	ClientCAFile string
	// UsersFile has a line for each user: <bcrypt hash>,<name>,<uid>,"<group>,<group>".
	UsersFile string
	// Log is told of reloaded files and refused requests. Required.
	Log *slog.Logger
}

// Validate reports everything that is wrong, without reading the files.
func (o Options) Validate() error {
	var errs []error
	if u, err := url.Parse(o.Target); err != nil || u.Scheme != "https" || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		errs = append(errs, fmt.Errorf("target %q: must be an https URL without a path, such as https://127.0.0.1:6443", o.Target))
	}
	for _, f := range []struct{ name, value string }{
		{"certificate directory", o.CertDir}, {"client CA file", o.ClientCAFile}, {"users file", o.UsersFile},
	} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("%s: must be given", f.name))
		}
	}
	return errors.Join(errs...)
}

func (o Options) cert(name string) string {
	return filepath.Join(o.CertDir, name)
}

// reloaded returns what reload.Value calls for the files that are named by what.
func (o Options) reloaded(what string) func(error) {
	return func(err error) {
		if err != nil {
			o.Log.Error("Changed files cannot be used; going on with the former ones", "what", what, "error", err)
			return
		}
		o.Log.Info("Files reloaded", "what", what)
	}
}
