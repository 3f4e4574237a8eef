package healthproxy

import (
	"net"
	"net/http"
	"time"

	"github.com/fedhelm/fedhelm/pkg/localapi"
	"github.com/fedhelm/fedhelm/pkg/reload"
)

// client asks over connections that are kept. When the files change it begins new
// connections: the API server judges a connection by the certificate that it was
// opened with, also after that one has expired.
type client struct {
	transports *reload.Value[*http.Transport]
}

func newClient(o Options) (*client, error) {
	transports, err := reload.New(transport, o.CAFile, o.CertFile, o.KeyFile)
	if err != nil {
		return nil, err
	}
	transports.OnReload = func(err error) {
		if err != nil {
			o.Log.Error("Changed certificate files cannot be used; going on with the former ones", "error", err)
			return
		}
		o.Log.Info("Certificate files reloaded", "file", o.CertFile)
	}
	transports.OnReplace = (*http.Transport).CloseIdleConnections
	return &client{transports: transports}, nil
}

func (c *client) roundTrip(req *http.Request) (*http.Response, error) {
	return c.transports.Get().RoundTrip(req)
}

// transport is made of the contents of the CA, certificate and key file.
func transport(contents [][]byte) (*http.Transport, error) {
	config, err := localapi.TLS(contents[0], contents[1], contents[2])
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		TLSClientConfig:        config,
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxConnsPerHost:        8,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}, nil
}
