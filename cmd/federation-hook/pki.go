package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/pki"
	"github.com/fedhelm/fedhelm/hooks/publish"
	keys "github.com/fedhelm/fedhelm/pkg/pki"
)

// pkiFlags are those that say what the certificates shall be: the same for
// every command that makes some.
type pkiFlags struct {
	*common
	options   pki.Options
	algorithm string
	ownEtcd   bool
	extraSANs list
	rotate    list
	distrust  list
}

func addPKI(f *flag.FlagSet, c *common) *pkiFlags {
	p := &pkiFlags{common: c}
	o := &p.options
	f.StringVar(&o.ClusterDomain, "cluster-domain", "cluster.local", "DNS domain of the host cluster")
	f.StringVar(&o.ServiceRange, "service-cluster-ip-range", "10.0.0.0/12", "Service range of the federation API")
	f.StringVar(&p.algorithm, "key-algorithm", string(keys.ECDSA), "ecdsa (P-256) or rsa")
	f.DurationVar(&o.CAValidity, "ca-validity", 10*365*24*time.Hour, "how long a new authority is valid")
	f.DurationVar(&o.LeafValidity, "leaf-validity", 365*24*time.Hour, "how long a new certificate is valid")
	f.BoolVar(&p.ownEtcd, "etcd", true, "the federation has an etcd of its own")
	f.BoolVar(&o.DNSEtcd, "dns-etcd", false, "a DNS server comes with the federation, and keeps its zones in an etcd of its own")
	f.Var(&p.extraSANs, "extra-san", "further name or address of the serving certificate; may be repeated")
	f.BoolVar(&o.TokenAuth, "token-auth", false, "make a token for the administrator")
	f.BoolVar(&o.BasicAuth, "basic-auth", false, "make a password for the administrator")
	f.StringVar(&o.TokenSecret, "token-secret", "", "Secret of your own with tokens.csv, in place of a token made here")
	f.StringVar(&o.BasicSecret, "basic-secret", "", "Secret of your own with basicauth.csv, username and password, in place of a password made here")
	f.IntVar(&o.ServicePort, "service-port", 443, "port of the API server's Service")
	f.StringVar(&o.ExistingCASecret, "existing-ca-secret", "", "Secret with authorities of your own; it is never written to")
	f.BoolVar(&o.CheckOnly, "check-only", false, "make nothing: all Secrets are your own and are only verified")
	return p
}

// complete returns the options, without clients, as the flags were given.
func (p *pkiFlags) complete() pki.Options {
	o := p.options
	o.Federation, o.Namespace = p.federation, p.namespace
	o.Algorithm = keys.Algorithm(p.algorithm)
	o.ExternalEtcd = !p.ownEtcd
	o.ExtraSANs = p.extraSANs
	for _, k := range p.rotate {
		o.Rotate = append(o.Rotate, pki.Kind(k))
	}
	for _, k := range p.distrust {
		o.Distrust = append(o.Distrust, pki.Kind(k))
	}
	return o
}

func (p *pkiFlags) validate() error { return p.complete().Validate() }

func (p *pkiFlags) connect(h *host, out io.Writer) pki.Options {
	o := p.complete()
	o.Secrets, o.Deployments, o.StatefulSets = h.secrets(), h.deployments(), h.statefulSets()
	o.Out = out
	return o
}

func pkiCommand(refresh bool) func(*flag.FlagSet, *common) action {
	return func(f *flag.FlagSet, c *common) action {
		p := addPKI(f, c)
		p.options.RefreshKubeconfig = refresh
		f.Var(&p.rotate, "rotate-ca", "replace this authority although it is good: cluster, etcd, front-proxy or dns-etcd; may be repeated")
		f.Var(&p.distrust, "distrust-ca", "trust no predecessor of this authority any longer, before it expires; may be repeated")
		return p
	}
}

func (p *pkiFlags) run(ctx context.Context, out io.Writer) error {
	h, err := p.host()
	if err != nil {
		return err
	}
	return pki.Run(ctx, p.connect(h, out))
}

// publishFlags are those of publish: its own, and those of the certificate that
// has to name what it finds.
type publishFlags struct {
	*pkiFlags
	service     string
	serviceType string
	advertise   list
	dnsService  string
}

func publishCommand(f *flag.FlagSet, c *common) action {
	p := &publishFlags{pkiFlags: addPKI(f, c)}
	f.StringVar(&p.service, "service", "", "Service of the API server; default: that of the federation")
	f.StringVar(&p.serviceType, "service-type", "", "LoadBalancer, NodePort or ClusterIP; default: that of the Service")
	f.StringVar(&p.dnsService, "dns-service", "", "Service of the DNS server that comes with the federation; default: none does")
	f.Var(&p.advertise, "advertise-address", "address that leads to the Service; may be repeated")
	return p
}

func (p *publishFlags) complete() publish.Options {
	return publish.Options{
		Federation: p.federation, Namespace: p.namespace,
		Service: p.service, Type: corev1.ServiceType(p.serviceType), Advertise: p.advertise,
		TokenAuth: p.options.TokenAuth, BasicAuth: p.options.BasicAuth,
		TokenSecret: p.options.TokenSecret, BasicSecret: p.options.BasicSecret,
		DNSService:      p.dnsService,
		OwnCertificates: p.options.CheckOnly,
		Timeout:         p.timeout,
	}
}

func (p *publishFlags) validate() error {
	return errors.Join(p.pkiFlags.validate(), p.complete().Validate())
}

func (p *publishFlags) run(ctx context.Context, out io.Writer) error {
	h, err := p.host()
	if err != nil {
		return err
	}
	o := p.complete()
	o.Secrets, o.Services, o.Nodes, o.ConfigMaps, o.Out = h.secrets(), h.services(), h.nodes(), h.configMaps(), out
	o.Issue = func(ctx context.Context, addresses []string) error {
		if err := pki.Publish(ctx, p.connect(h, out), addresses); err != nil {
			return fmt.Errorf("name %s in the serving certificate: %w", strings.Join(addresses, ", "), err)
		}
		return nil
	}
	return publish.Run(ctx, o)
}
