package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/util/cert"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/chart"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
	"github.com/fedhelm/fedhelm/pkg/memberdns"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

func (p *program) joinCommand() *cli.Command {
	return &cli.Command{
		Name:      "join",
		Usage:     "make a cluster a member of a federation",
		ArgsUsage: "NAME",
		UsageText: "fedhelm join NAME [flags]",
		Description: "NAME is the cluster's name in the federation, and that of its kubeconfig context unless --cluster-context says otherwise.\n" +
			"Run again, it changes what the flags change, and nothing else; after a failure it goes on.\n\n" + exitCodesHelp,
		Flags: slices.Concat(joinFlags(), memberFlags(), hostFlags(), []cli.Flag{federationFlag()}, progressFlags(), []cli.Flag{namedOutputFlag()}),
		Action: func(c *cli.Context) error {
			o, err := p.joinOptions(c)
			if err != nil {
				return err
			}
			return p.join(c, o)
		},
	}
}

func joinFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cluster-endpoint", Category: categoryMember, Usage: "`URL` at which pods of the host cluster reach the member, instead of its kubeconfig's server"},
		&cli.StringFlag{Name: "cluster-ca", Category: categoryMember, Usage: "`FILE` with the authority that signed the member's certificate, instead of its kubeconfig's", TakesFile: true},
		&cli.StringFlag{Name: "cluster-dns", Category: categoryMember, Value: string(memberdns.Auto), Usage: "`DNS` of the member that learns the federation's names: auto, kube-dns, coredns, or none to leave it alone"},
		&cli.BoolFlag{Name: "cluster-admin", Category: categoryMember, Usage: "let the federation do everything in the member, not just what federated kinds need"},
		&cli.StringFlag{Name: "secret-name", Usage: "`NAME` of the Secret with the credentials in the host cluster, instead of FEDERATION.NAME"},
		&cli.StringSliceFlag{Name: "labels", Usage: "`LABELS` of the Cluster, such as tier=gold,env=prod; may be repeated"},
		&cli.BoolFlag{Name: "refresh", Usage: "make new credentials, and install anew what the member has of the federation"},
		&cli.BoolFlag{Name: "dry-run", Usage: "check everything, print the objects that would be made, and write nothing"},
		timeoutFlag(),
	}
}

// joining is what the command line of join asks for.
type joining struct {
	join.JoinOptions
	host   *host
	member *memberCluster
	format string
	dryRun bool
}

// joinOptions reads flags and kubeconfigs. No cluster is asked yet; all that is wrong is reported together.
func (p *program) joinOptions(c *cli.Context) (joining, error) {
	j := joining{dryRun: c.Bool("dry-run")}
	name, argErr := optionsName(c)
	j.Name = name
	errs := []error{argErr, chart.ValidateCluster(name)}
	keep := func(err error) { errs = append(errs, err) }
	var err error
	if endpoint := c.String("cluster-endpoint"); endpoint != "" {
		if j.Endpoint, err = preflight.NormalEndpoint(endpoint); err == nil {
			err = preflight.ValidateEndpoint(j.Endpoint)
		}
		if err != nil {
			keep(fmt.Errorf("--cluster-endpoint: %w", err))
		}
	}
	j.CA, err = certificates(c.String("cluster-ca"))
	keep(err)
	j.Labels, err = clusterLabels(c)
	keep(err)
	if j.SecretName = c.String("secret-name"); j.SecretName != "" && len(validation.IsDNS1123Subdomain(j.SecretName)) > 0 {
		keep(fmt.Errorf("--secret-name: %q is not the name of a Secret: use small letters, digits, '-' and '.'", j.SecretName))
	}
	if j.DNS = memberdns.Kind(c.String("cluster-dns")); !slices.Contains(dnsKinds, j.DNS) {
		keep(fmt.Errorf("--cluster-dns: %q is none of %v", j.DNS, dnsKinds))
	}
	if c.IsSet("cluster-admin") {
		admin := c.Bool("cluster-admin")
		j.ClusterAdmin = &admin
	}
	j.Refresh, j.Timeout = c.Bool("refresh"), c.Duration("timeout")
	j.format, err = namedOutputFormat(c)
	keep(err)
	j.host, err = p.connect(hostFrom(c))
	keep(err)
	if name != "" && (err == nil || c.IsSet("cluster-kubeconfig")) { // one kubeconfig that cannot be read is one error
		j.member, err = p.connectMember(memberFrom(c, name))
		keep(err)
	}
	return j, usageErrors(c, errs...)
}

var dnsKinds = []memberdns.Kind{memberdns.Auto, memberdns.KubeDNS, memberdns.CoreDNS, memberdns.None}

// certificates reads a file of them; nil when none is named.
func certificates(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--cluster-ca: %w", err)
	}
	if _, err := cert.ParseCertsPEM(data); err != nil {
		return nil, fmt.Errorf("--cluster-ca: %s holds no certificate in PEM", path)
	}
	return data, nil
}

// clusterLabels are those of --labels; nil when the flag is not given.
func clusterLabels(c *cli.Context) (map[string]string, error) {
	if !c.IsSet("labels") {
		return nil, nil
	}
	given := strings.Join(c.StringSlice("labels"), ",")
	set, err := labels.ConvertSelectorToLabelsMap(given)
	if err != nil {
		return nil, fmt.Errorf("--labels: %q is not KEY=VALUE,...: %w", given, err)
	}
	return set, nil
}

func (p *program) join(c *cli.Context, j joining) error {
	var err error
	j.Host = j.host.Host
	if j.Federation, err = p.federation(c, j.host); err != nil {
		return setup.Refused(err)
	}
	j.Progress = p.reporter(c)
	if j.Member, err = j.member.in(j.Federation.Namespace, watched(j.Progress)); err != nil {
		return err
	}
	if j.Chart, err = chart.LoadMember(); err != nil {
		return err
	}
	j.Identity = identity()
	if j.HostClock, err = clockOf(j.host.config); err != nil {
		return err
	}
	if j.MemberClock, err = clockOf(j.Member.Config); err != nil {
		return err
	}
	if j.dryRun {
		return p.dryJoin(c, j)
	}
	joined, err := join.Join(c.Context, j.JoinOptions)
	if err != nil {
		return err
	}
	return p.print(j.format, joined, func(w io.Writer) { printJoined(w, j, joined) })
}

// dryJoin prints what would be written.
func (p *program) dryJoin(c *cli.Context, j joining) error {
	preview, err := join.Preview(c.Context, j.JoinOptions)
	if err != nil {
		return err
	}
	p.reporter(c).Warnf("the content of Secret %q is not printed", preview.Secret)
	_, err = fmt.Fprint(p.stdout, preview.Manifests)
	return err
}

func printJoined(w io.Writer, j joining, joined join.Joined) {
	if j.format == "name" {
		fmt.Fprintf(w, "cluster.%s/%s\n", fedv1beta1.GroupName, joined.Cluster)
		return
	}
	fmt.Fprintf(w, "cluster %q %s\n", joined.Cluster, joined.Outcome)
	fmt.Fprintf(w, "See it with: fedhelm clusters%s\n", hostHint(j.host.Context, joined.Federation))
}

// hostHint completes a command line that is shown to the user, so that it leads to the same federation wherever it is typed.
func hostHint(context string, ref federation.Ref) string {
	return strings.Join([]string{"", "--federation=" + ref.Name, "--host-cluster-context=" + context}, " ") + namespaceHint(ref.Namespace)
}
