package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/fedhelm/fedhelm/pkg/argmap"
	"github.com/fedhelm/fedhelm/pkg/chart"
)

// Categories of the flags that shape a control plane.
const (
	categoryDNS    = "DNS"
	categoryImages = "Images and nodes"
	categoryEtcd   = "etcd"
	categoryAPI    = "API server and controller manager"
	categoryValues = "Chart values"
)

// chartFlags shape the control plane. They are those of kubefed init, and some more.
func chartFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "dns-provider", Category: categoryDNS, Usage: "`NAME` of the DNS provider: " + strings.Join(chart.DNSProviders(), ", ") + "; none is needed without federated Services"},
		&cli.StringFlag{Name: "dns-zone-name", Category: categoryDNS, Usage: "`ZONE` that holds the federation's names, ending with a dot: example.com."},
		&cli.StringFlag{Name: "dns-zone-id", Category: categoryDNS, Usage: "the provider's `ID` of the zone, where it has several of that name"},
		&cli.StringFlag{Name: "dns-provider-config", Category: categoryDNS, TakesFile: true, Usage: "`FILE` with the provider's settings, INI with a section [Global]; becomes a Secret. coredns without one gets a DNS server in the host cluster"},
		&cli.StringFlag{Name: "service-dns-suffix", Category: categoryDNS, Usage: "`DOMAIN` in the zone that the names of Services end with (default: the zone)"},
		&cli.StringFlag{Name: "dns-ttl", Category: categoryDNS, Usage: "`DURATION` for which resolvers may keep an answer (default 60s)"},

		&cli.StringFlag{Name: "image", Category: categoryImages, Usage: "`IMAGE` with fedhelm's own programs, instead of the chart's"},
		&cli.StringFlag{Name: "image-pull-policy", Category: categoryImages, Usage: "`POLICY` of all containers: Always, IfNotPresent or Never (default IfNotPresent)"},
		&cli.StringSliceFlag{Name: "image-pull-secrets", Category: categoryImages, Usage: "`SECRET` to pull images with (repeatable)"},
		&cli.StringSliceFlag{Name: "node-selector", Category: categoryImages, Usage: "labels of the nodes for all pods, `KEY=VALUE`,... (repeatable)"},

		&cli.StringFlag{Name: "etcd-image", Category: categoryEtcd, Usage: "`IMAGE` of etcd, instead of the chart's"},
		&cli.StringSliceFlag{Name: "etcd-servers", Category: categoryEtcd, Usage: "`URL`,... of an etcd of yours, instead of one in the host cluster (repeatable)"},
		&cli.StringFlag{Name: "etcd-tls-secret", Category: categoryEtcd, Usage: "`SECRET` with ca.crt, tls.crt and tls.key for --etcd-servers"},
		&cli.BoolFlag{Name: "etcd-persistent-storage", Category: categoryEtcd, Value: true, Usage: "keep the data on a persistent volume"},
		&cli.StringFlag{Name: "etcd-pv-capacity", Category: categoryEtcd, Usage: "`SIZE` of the volume (default 10Gi)"},
		&cli.StringFlag{Name: "etcd-pv-storage-class", Category: categoryEtcd, Usage: "storage `CLASS` of the volume (default: that of the host cluster)"},
		&cli.StringFlag{Name: "etcd-existing-claim", Category: categoryEtcd, Usage: "`CLAIM` to use, instead of a new one"},

		&cli.StringFlag{Name: "api-server-service-type", Category: categoryAPI, Usage: "`TYPE` of the Service: LoadBalancer, NodePort or ClusterIP (default LoadBalancer)"},
		&cli.StringSliceFlag{Name: "api-server-advertise-address", Category: categoryAPI, Usage: "`IP` that leads to a NodePort or ClusterIP Service (repeatable); empty: none any more"},
		&cli.IntFlag{Name: "api-server-port", Category: categoryAPI, Usage: "node `PORT` of a NodePort Service; 0: the host cluster chooses"},
		&cli.BoolFlag{Name: "apiserver-enable-basic-auth", Category: categoryAPI, Usage: "let the administrator in with a password too"},
		&cli.BoolFlag{Name: "apiserver-enable-token-auth", Category: categoryAPI, Usage: "let the administrator in with a token too"},
		&cli.StringSliceFlag{Name: "apiserver-arg-overrides", Category: categoryAPI, Usage: "arguments of the API server, `--KEY=VALUE`,...; values with commas in quotes (repeatable)"},
		&cli.StringSliceFlag{Name: "controllermanager-arg-overrides", Category: categoryAPI, Usage: "arguments of the controller manager, `--KEY=VALUE`,... (repeatable)"},

		&cli.StringSliceFlag{Name: "values", Aliases: []string{"f"}, Category: categoryValues, TakesFile: true, Usage: "`FILE` with chart values; flags go before it (repeatable)"},
		&cli.StringSliceFlag{Name: "set", Category: categoryValues, Usage: "one chart value, `PATH=VALUE`; goes before all else (repeatable)"},
		&cli.StringSliceFlag{Name: "set-json", Category: categoryValues, Usage: "one chart value in JSON, `PATH=JSON`; goes before all else (repeatable)"},
	}
}

// chartOptions reads the flags. The error names each that cannot be read; what is read may still be invalid.
func chartOptions(c *cli.Context, name string) (chart.Options, error) {
	r := flagReader{Context: c}
	o := chart.Options{
		Name:             name,
		Namespace:        c.String("federation-system-namespace"),
		Image:            c.String("image"),
		ImagePullPolicy:  c.String("image-pull-policy"),
		ImagePullSecrets: r.commaList("image-pull-secrets"),
		NodeSelector:     r.nodeSelector("node-selector"),
		Etcd: chart.Etcd{
			Image:         c.String("etcd-image"),
			Servers:       r.commaList("etcd-servers"),
			TLSSecret:     c.String("etcd-tls-secret"),
			Persistence:   r.given("etcd-persistent-storage"),
			Capacity:      c.String("etcd-pv-capacity"),
			StorageClass:  c.String("etcd-pv-storage-class"),
			ExistingClaim: c.String("etcd-existing-claim"),
		},
		APIServer: chart.APIServer{
			ServiceType:        c.String("api-server-service-type"),
			AdvertiseAddresses: r.chosenList("api-server-advertise-address"),
			BasicAuth:          r.given("apiserver-enable-basic-auth"),
			TokenAuth:          r.given("apiserver-enable-token-auth"),
			ExtraArgs:          r.overrides("apiserver-arg-overrides"),
		},
		ControllerManager: chart.ControllerManager{ExtraArgs: r.overrides("controllermanager-arg-overrides")},
		DNS: chart.DNS{
			Provider: c.String("dns-provider"),
			Zone:     c.String("dns-zone-name"),
			ZoneID:   c.String("dns-zone-id"),
			Suffix:   c.String("service-dns-suffix"),
			TTL:      c.String("dns-ttl"),
			Config:   r.file("dns-provider-config"),
		},
		Base:    r.valuesFiles("values"),
		Set:     c.StringSlice("set"),
		SetJSON: c.StringSlice("set-json"),
	}
	if c.IsSet("api-server-port") {
		port := c.Int("api-server-port")
		o.APIServer.NodePort = &port
	}
	return o, errors.Join(r.errs...)
}

// flagReader reads flags that may turn out wrong, and remembers all that are.
type flagReader struct {
	*cli.Context
	errs []error
}

func (r *flagReader) bad(flag string, err error) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("--%s: %w", flag, err))
	}
}

// given is a switch that was set either way, else nil.
func (r *flagReader) given(flag string) *bool {
	if !r.IsSet(flag) {
		return nil
	}
	on := r.Bool(flag)
	return &on
}

// commaList is for values that cannot hold a comma.
func (r *flagReader) commaList(flag string) []string {
	var list []string
	for _, each := range r.StringSlice(flag) {
		for _, part := range strings.Split(each, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list
}

// chosenList is commaList for a flag that may take back what was chosen before: given and empty, it is an empty list and not nil.
func (r *flagReader) chosenList(flag string) []string {
	list := r.commaList(flag)
	if list == nil && r.IsSet(flag) {
		return []string{}
	}
	return list
}

func (r *flagReader) nodeSelector(flag string) map[string]string {
	selector, err := argmap.ParseNodeSelector(strings.Join(r.StringSlice(flag), ","))
	r.bad(flag, err)
	return selector
}

func (r *flagReader) overrides(flag string) map[string]any {
	arguments, err := argmap.Parse(r.StringSlice(flag)...)
	r.bad(flag, err)
	return arguments
}

// file is the content of a file, never nil once the flag is given.
func (r *flagReader) file(flag string) []byte {
	path := r.String(flag)
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	r.bad(flag, err)
	if err != nil {
		return nil
	}
	return append([]byte{}, data...)
}

// valuesFiles lays values files over one another, the last one on top.
func (r *flagReader) valuesFiles(flag string) map[string]any {
	merged := map[string]any{}
	for _, path := range r.StringSlice(flag) {
		data, err := os.ReadFile(path)
		if err != nil {
			r.bad(flag, err)
			continue
		}
		vals, err := chartutil.ReadValues(data)
		if err != nil {
			r.bad(flag, fmt.Errorf("%s is not a YAML table of values: %w", path, err))
			continue
		}
		merged = chartutil.MergeTables(vals, merged)
	}
	return merged
}
