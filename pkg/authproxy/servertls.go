package authproxy

import (
	"crypto/tls"
	"fmt"

	"github.com/fedhelm/fedhelm/pkg/reload"
)

// serverTLS is how the proxy presents itself.
type serverTLS struct {
	configs *reload.Value[*tls.Config]
}

func newServerTLS(o Options) (*serverTLS, error) {
	configs, err := reload.New(serverConfig, o.cert("server.crt"), o.cert("server.key"), o.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("server certificate: %w", err)
	}
	configs.OnReload = o.reloaded("server certificate")
	return &serverTLS{configs: configs}, nil
}

// TLSConfig is the configuration to serve the proxy with. It follows its files.
func (p *Proxy) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return p.tls.configs.Get(), nil
		},
	}
}

// serverConfig is made of the contents of certificate, key and client CA file.
func serverConfig(contents [][]byte) (*tls.Config, error) {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, err
	}
	clientCAs, err := pool(contents[2:])
	if err != nil {
		return nil, fmt.Errorf("client CA: %w", err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{pair},
		// Asked for, and verified with each request. The names of the CAs help the
		// client to choose.
		ClientAuth: tls.RequestClientCert,
		ClientCAs:  clientCAs,
	}, nil
}
