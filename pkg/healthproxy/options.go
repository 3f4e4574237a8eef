package healthproxy

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"
)

// Options say whom to ask, and with which credentials.
type Options struct {
	// Target is the API server's URL: https, and no path.
	Target string
	// CAFile has the certificates that the target's certificate must chain to.
	CAFile string
	// CertFile and KeyFile are the client certificate. All three files are read
	// again when they change.
	CertFile, KeyFile string
	// Timeout limits one probe; 0 means 15 seconds.
	Timeout time.Duration
	// Log is told of reloaded files. Required.
	Log *slog.Logger
}

func (o Options) timeout() time.Duration {
	if o.Timeout == 0 {
		return 15 * time.Second
	}
	return o.Timeout
}

// Validate reports everything that is wrong, without reading the files.
func (o Options) Validate() error {
	var errs []error
	if u, err := url.Parse(o.Target); err != nil || u.Scheme != "https" || u.Host == "" || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		errs = append(errs, fmt.Errorf("target %q: must be an https URL without a path, such as https://127.0.0.1:6443", o.Target))
	}
	for _, f := range []struct{ name, value string }{
		{"CA file", o.CAFile}, {"certificate file", o.CertFile}, {"key file", o.KeyFile},
	} {
		if f.value == "" {
			errs = append(errs, fmt.Errorf("%s: must be given", f.name))
		}
	}
	return errors.Join(errs...)
}
